import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type Calls, calls, type Handler, type HandlerMiddleware } from 'rxmesh/calls';
import { simulate } from 'rxmesh/testing';
import { codecs, idle, listening, pair } from './stage.ts';

/** A handler's work, which does not look at `signal`: it goes on until it is told. */
function work() {
  const endings: (() => void)[] = [];
  const run = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const odd = new TypeError('for nobody');
      endings.push(endings.length % 2 === 0 ? () => resolve(1) : () => reject(odd));
    });
  const end = async (): Promise<void> => {
    for (const ending of endings) ending();
    await turn();
  };
  return { endings, run, end };
}

const promise =
  (run: () => Promise<number>): Handler<number, number> =>
  () =>
    run();

const generator = (run: () => Promise<number>): Handler<number, number> =>
  async function* () {
    yield await run();
  };

const middleware: HandlerMiddleware<number, number> = (answers) => answers;

describe('a handler that goes on after its call', () => {
  it.each([
    ['a promise', promise, []],
    ['an async generator', generator, []],
    ['a promise behind middleware', promise, [middleware]],
    ['an async generator behind middleware', generator, [middleware]],
  ])('keeps its place until it is over: %s', async (_, handler, aroundHandler) => {
    const { net, serving, asking, to, heard, observer } = pair({ aroundHandler, maxCalls: 2 });
    const { endings, run, end } = work();
    serving.serve(handler(run));
    const cancelled = asking.call(to, 0).subscribe();
    net.advance(20);
    cancelled.unsubscribe();
    asking.notify(to, 1, { timeoutMs: 10 }).subscribe();
    net.advance(80);
    for (let n = 0; n < 3; n += 1) {
      asking.call(to, 2).subscribe(observer);
      net.advance(20);
    }
    const refused = [110, 130, 150].map((ms) => `${ms}: RXMESH_TOO_MANY_CALLS`);
    expect([heard, endings.length]).toEqual([refused, 2]);
    expect(serving.snapshot().serving).toBe(2);
    await end();
    expect(serving.snapshot().serving).toBe(0);
    asking.call(to, 3).subscribe(observer);
    net.advance(20);
    expect(endings.length).toBe(3);
    net.stop();
    await end();
    expect(serving.snapshot().serving).toBe(0);
  });

  it('keeps the place of its peer, when that comes back', async () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const open = (node: number, maxCalls: number): Calls<number, number> =>
      calls(net.node(node).router, { id: 7, ...codecs, maxCalls, maxCallsInAll: 2 });
    const serving = open(0, 1);
    const [one, other] = [open(1, 2), open(2, 2)];
    const { run, end } = work();
    serving.serve(run);
    net.start();
    const { heard, observer } = listening(net);
    const to = net.node(0).id;
    one.call(to, 0).subscribe(observer);
    net.advance(20);
    net.sever(0, 1);
    net.settle();
    heard.length = 0;
    one.call(to, 1).subscribe(observer);
    net.advance(20);
    expect(heard).toEqual([expect.stringContaining('RXMESH_TOO_MANY_CALLS')]);
    other.call(to, 2).subscribe(observer);
    net.advance(20);
    expect(serving.snapshot().serving).toBe(2);
    await end();
    expect(serving.snapshot()).toEqual(idle);
    net.stop();
  });
});
