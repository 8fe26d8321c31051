import { describe, expect, it } from '@jest/globals';
import { json, type RxmeshError } from 'rxmesh';
import { CallError, type CallOptions, calls } from 'rxmesh/calls';
import { simulate } from 'rxmesh/testing';
import { catchError, of } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';

interface Diagram {
  /** What the handler returns, from the moment when it is called. */
  readonly answers: string;
  /** When the caller subscribes, and unsubscribes. */
  readonly caller?: string;
  /** What the caller hears; `e` is the code of an error. */
  readonly heard: string;
  /** When the handler's answers are subscribed to, and left. */
  readonly handler: string;
  readonly code?: string;
  readonly options?: CallOptions;
}

/** Plays a call, with a latency of 2 frames. */
function play({ answers, caller, heard, handler, code, options }: Diagram): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
    const net = simulate({ nodes: 2, scheduler });
    const texts = { id: 7, request: json<string>(), response: json<string>() };
    const asking = calls(net.node(0).router, texts);
    const serving = calls(net.node(1).router, texts);
    net.start();
    net.latencyMs = 2;
    const answers$ = cold(answers, undefined, new CallError('odd', 'no'));
    serving.serve(() => answers$);
    cold('--------------------(x|)').subscribe(() => net.stop());

    const call = asking.call(net.node(1).id, 'request', options);
    const heard$ = call.pipe(catchError((error: unknown) => of((error as RxmeshError).code)));
    expectObservable(heard$, caller).toBe(heard, { a: 'a', b: 'b', e: code });
    expectSubscriptions(answers$.subscriptions).toBe(handler);
  });
}

describe('a call, as a diagram', () => {
  it('is answered after a round trip', () =>
    play({
      answers: '  (a|)    ',
      handler: '--(^!)    ',
      heard: '  ----(a|)',
    }));

  it('is answered after a round trip and the time that the handler takes', () =>
    play({
      answers: '  ---(a|)   ',
      handler: '--^--!      ',
      heard: '  -------(a|)',
    }));

  it('streams', () =>
    play({
      answers: '  -a--b|     ',
      handler: '--^----!     ',
      heard: '  -----a--b|',
    }));

  it('may have no answer', () =>
    play({
      answers: '  -|   ',
      handler: '--^!   ',
      heard: '  -----|',
    }));

  it('that is unsubscribed from leaves the handler half a round trip later', () =>
    play({
      answers: '  -a--b--a--b--',
      handler: '--^-----!     ',
      caller: ' ^-----!       ',
      heard: '  -----a-       ',
    }));

  it('times out on both sides, half a round trip apart', () =>
    play({
      options: { timeoutMs: 4 },
      answers: '  ----------',
      handler: '--^---!   ',
      heard: '  ----(e|)  ',
      code: 'RXMESH_CALL_TIMEOUT',
    }));

  it('fails with the error of the handler, after its answers', () =>
    play({
      answers: '  -a-#      ',
      handler: '--^--!      ',
      heard: '  -----a-(e|)',
      code: 'RXMESH_CALL_FAILED',
    }));
});
