import { describe, expect, it } from '@jest/globals';
import { block, flowFrom, type NodeId, parseNodeId } from 'rxmesh';
import { CallError, calls } from 'rxmesh/calls';
import { boundedMergeMap, onBackpressure } from 'rxmesh/operators';
import { simulate } from 'rxmesh/testing';
import {
  concatWith,
  config,
  EMPTY,
  from,
  NEVER,
  Observable,
  of,
  Subject,
  tap,
  throwError,
} from 'rxjs';
import { consume } from '../support/consume.ts';
import { codecs, idle, listening, pair, upTo } from './stage.ts';

describe('a call', () => {
  it.each([
    ['a value', (n: number) => n * 2, ['10: 8', '10: |']],
    ['no value', () => undefined, ['10: |']],
    ['an iterator', () => [1, 2, 3].values(), ['10: 1', '10: 2', '10: 3', '10: |']],
    ['a flow', () => flowFrom(upTo(3)), ['10: 0', '10: 1', '10: 2', '10: |']],
    ['an Observable', () => of(1, 2), ['10: 1', '10: 2', '10: |']],
    ['an empty Observable', () => EMPTY, ['10: |']],
  ])('is answered by %s', (_, answer, expected) => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.serve(({ request }) => answer(request));
    asking.call(to, 4).subscribe(observer);
    net.advance(100);
    expect(heard).toEqual(expected);
    net.stop();
  });

  it.each([
    [
      'throws',
      () => {
        throw new CallError('odd', 'only even numbers');
      },
    ],
    ['fails as a stream', () => throwError(() => new CallError('odd', 'only even numbers'))],
  ])('of a handler that %s shows the error that it chose', (_, answer) => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.serve(answer);
    asking.call(to, 4).subscribe(observer);
    net.advance(100);
    expect(heard).toEqual(['10: RXMESH_CALL_FAILED "odd" only even numbers']);
    net.stop();
  });

  it('sends the answers before the error of their stream', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    const failing = throwError(() => new CallError('enough', 'no more'));
    serving.serve(() => flowFrom([1, 2]).pipe(concatWith(failing)));
    asking.call(to, 4).subscribe(observer);
    net.advance(100);
    expect(heard).toEqual(['10: 1', '10: 2', '10: RXMESH_CALL_FAILED "enough" no more']);
    net.stop();
  });

  it('keeps other errors of the handler on its node, as an event', () => {
    const { net, asking, serving, to, from, heard, observer } = pair();
    serving.serve(() => {
      throw new RangeError('password 1234');
    });
    asking.call(to, 4).subscribe(observer);
    net.advance(100);
    expect(heard).toEqual(['10: RXMESH_CALL_FAILED "" the handler has failed']);
    const events = net.log.filter(({ event }) => event.type === 'source-failed');
    expect(events).toMatchObject([{ node: 1, event: { channel: 7, error: { peer: from } } }]);
    expect(String(Reflect.get(events[0]?.event ?? {}, 'error'))).toContain('password 1234');
    net.stop();
  });

  it('is cold: each subscription calls again', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    let count = 0;
    serving.serve(() => ++count);
    const call = asking.call(to, 4);
    net.advance(50);
    expect(count).toBe(0);
    call.subscribe(observer);
    net.advance(50);
    call.subscribe(observer);
    net.advance(50);
    expect(heard).toEqual(['60: 1', '60: |', '110: 2', '110: |']);
    net.stop();
  });
});

describe('demand', () => {
  it('reaches the source of the handler', () => {
    const { net, asking, serving, to } = pair();
    let pulled = 0;
    serving.serve(function* () {
      for (;;) yield ++pulled;
    });
    const { heard, demand } = consume(asking.call(to, 0));
    net.advance(100);
    expect([pulled, heard]).toEqual([0, []]);
    demand.request(2);
    net.advance(100);
    expect([pulled, heard]).toEqual([2, [1, 2]]);
    demand.request(3);
    net.advance(100);
    expect([pulled, heard]).toEqual([5, [1, 2, 3, 4, 5]]);
    demand.unsubscribe();
    net.stop();
  });

  it('of boundedMergeMap is its concurrency', () => {
    const { net, asking, serving, to } = pair();
    let pulled = 0;
    serving.serve(() => flowFrom(upTo(100)).pipe(counting(() => (pulled += 1))));
    const subscription = asking
      .call(to, 0)
      .pipe(boundedMergeMap(() => NEVER, { concurrency: 3 }))
      .subscribe();
    net.advance(1000);
    expect(pulled).toBe(3);
    subscription.unsubscribe();
    net.stop();
  });

  it('may be ahead with onBackpressure', () => {
    const { net, asking, serving, to } = pair();
    let pulled = 0;
    serving.serve(() => flowFrom(upTo(100)).pipe(counting(() => (pulled += 1))));
    const ahead = onBackpressure<number>(block(10))(asking.call(to, 0));
    const { demand } = consume(ahead);
    net.advance(1000);
    expect(pulled).toBe(10);
    demand.unsubscribe();
    net.stop();
  });

  it('of a plain subscription is bounded by the window', () => {
    const { net, asking, serving, to } = pair({ window: 8 });
    const pulledAt: number[] = [];
    const startMs = net.now();
    serving.serve(function* () {
      for (let n = 0; n < 20; n += 1) {
        pulledAt.push(net.now() - startMs);
        yield n;
      }
    });
    const heard: number[] = [];
    asking.call(to, 0).subscribe((n) => heard.push(n));
    net.advance(9);
    expect(pulledAt.length).toBe(8);
    net.advance(200);
    expect(heard).toEqual([...upTo(20)]);
    net.stop();
  });

  it('lets no stream hold up another call', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.serve(({ request }) => (request === 0 ? flowFrom(upTo(1e6)) : request));
    const { demand } = consume(asking.call(to, 0));
    demand.request(1e6);
    net.advance(4);
    asking.call(to, 7).subscribe(observer);
    net.advance(17);
    expect(heard).toEqual(['14: 7', '14: |']);
    demand.unsubscribe();
    net.stop();
  });
});

describe('the end of a call', () => {
  it('cancels the handler half a round trip later: its teardown runs, its signal fires', () => {
    const { net, asking, serving, to, heard, note } = pair();
    serving.serve(({ signal }) => {
      signal.addEventListener('abort', () => note(Reflect.get(signal.reason as object, 'code')));
      return new Observable(() => () => note('teardown'));
    });
    const subscription = asking.call(to, 0).subscribe();
    net.advance(20);
    subscription.unsubscribe();
    net.advance(20);
    expect(heard).toEqual(['25: teardown', '25: RXMESH_CALL_CANCELLED']);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    net.stop();
  });

  it('by a signal is an error with its reason', () => {
    const { net, asking, serving, to, heard, observer, note } = pair();
    serving.serve(() => new Observable(() => () => note('teardown')));
    const controller = new AbortController();
    asking.call(to, 0, { signal: controller.signal }).subscribe(observer);
    net.advance(20);
    controller.abort('enough');
    net.advance(20);
    expect(heard).toEqual(['20: enough', '25: teardown']);
    asking.call(to, 0, { signal: controller.signal }).subscribe(observer);
    expect(heard.slice(2)).toEqual(['40: enough']);
    net.stop();
  });

  it('is a timeout on both sides; the rest of the time travels', () => {
    const { net, asking, serving, to, heard, observer, note } = pair();
    serving.serve(({ signal, timeLeftMs }) => {
      note(`left ${String(timeLeftMs)}`);
      signal.addEventListener('abort', () => note(Reflect.get(signal.reason as object, 'code')));
      return NEVER;
    });
    asking.call(to, 0, { timeoutMs: 50 }).subscribe(observer);
    net.advance(100);
    expect(heard).toEqual(['5: left 50', '50: RXMESH_CALL_TIMEOUT', '55: RXMESH_CALL_TIMEOUT']);
    expect([asking.snapshot().asking, serving.snapshot().serving]).toEqual([0, 0]);
    net.stop();
  });

  it('is RXMESH_PEER_DOWN when the peer leaves, and at once when it is away', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.serve(() => NEVER);
    asking.call(to, 0).subscribe(observer);
    net.advance(20);
    net.crash(1);
    net.advance(5);
    asking.call(to, 0).subscribe(observer);
    expect(heard).toEqual(['20: RXMESH_PEER_DOWN', '25: RXMESH_PEER_DOWN']);
    expect(asking.snapshot().asking).toBe(0);
    net.stop();
  });

  it('is an error when the service of the peer closes, and its handlers are left', () => {
    const { net, asking, serving, to, heard, observer, note } = pair();
    serving.serve(() => new Observable(() => () => note('teardown')));
    asking.call(to, 0).subscribe(observer);
    net.advance(20);
    serving.close();
    net.advance(20);
    expect(heard).toEqual(['20: teardown', '25: RXMESH_PEER_DOWN']);
    asking.call(parseNodeId('0'.repeat(40)), 0).subscribe(observer);
    asking.call('nobody' as NodeId, 0).subscribe(observer);
    asking.close();
    asking.call(to, 0).subscribe(observer);
    expect(heard.slice(2)).toEqual([
      '40: RXMESH_PEER_DOWN',
      '40: RXMESH_NODE_ID_INVALID',
      '40: RXMESH_CHANNEL_CLOSED',
    ]);
    net.stop();
  });

  it('is RXMESH_METHOD_UNKNOWN without a handler', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    const served = serving.serve(() => 1);
    served.unsubscribe();
    asking.call(to, 0).subscribe(observer);
    net.advance(20);
    expect(heard).toEqual(['10: RXMESH_METHOD_UNKNOWN']);
    net.stop();
  });

  it('is RXMESH_TOO_MANY_CALLS at the bound of either side', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const asking = calls(net.node(0).router, { id: 7, ...codecs, maxCalls: 3 });
    const serving = calls(net.node(1).router, { id: 7, ...codecs, maxCalls: 2 });
    net.start();
    const to: NodeId = net.node(1).id;
    serving.serve(() => NEVER);
    const { heard, observer } = listening(net);
    for (let n = 0; n < 4; n += 1) asking.call(to, n).subscribe(observer);
    net.advance(100);
    expect(heard).toEqual(['0: RXMESH_TOO_MANY_CALLS', '10: RXMESH_TOO_MANY_CALLS']);
    net.stop();
    expect(heard.slice(2).map((line) => line.split(' ')[1])).toEqual([
      'RXMESH_STOPPED',
      'RXMESH_STOPPED',
    ]);
  });
});

describe('a notice', () => {
  it('completes when it is sent, and is handled', () => {
    const { net, asking, serving, to, heard, observer, note } = pair();
    serving.serve(({ request }) => {
      note(`handles ${request}`);
      return flowFrom(upTo(3));
    });
    asking.notify(to, 9).subscribe(observer);
    net.advance(20);
    expect(heard).toEqual(['0: |', '5: handles 9']);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    net.stop();
  });

  it('is no promise: `await` rejects, and says what to write', async () => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.serve(() => undefined);
    const untyped = asking as unknown as { notify(peer: unknown, n: number): Promise<unknown> };
    const awaited = async (): Promise<unknown> => await untyped.notify(to, 9);
    await expect(awaited()).rejects.toThrow('use `.subscribe()`, or `await last');
    from(asking.notify(to, 9)).subscribe(observer);
    expect(heard).toEqual(['0: |']);
    net.stop();
  });

  it('may be what a handler returns', () => {
    const { net, asking, serving, to, heard, observer, note } = pair();
    asking.serve(({ request }) => {
      note(`hears ${request}`);
      return undefined;
    });
    serving.serve(({ from: caller, request }) => serving.notify(caller, request + 1));
    asking.call(to, 1).subscribe(observer);
    net.advance(20);
    expect(heard.toSorted()).toEqual(['10: hears 2', '10: |']);
    net.stop();
  });

  it('leaves its handler at the first answer, of which there may be no end', () => {
    const { net, asking, serving, to, heard, note } = pair();
    serving.serve(function* () {
      try {
        for (let n = 0; n < 1_000; n += 1) {
          note(n);
          yield n;
        }
      } finally {
        note('left');
      }
    });
    asking.notify(to, 9).subscribe();
    net.advance(20);
    expect(heard).toEqual(['5: 0', '5: left']);
    expect(serving.snapshot()).toEqual(idle);
    net.stop();
  });

  it('gives up its place at the first answer of a source that does not end', () => {
    const { net, asking, serving, to, heard, observer } = pair({ maxCalls: 1 });
    const answers$ = new Subject<number>();
    serving.serve(({ request }) => (request === 0 ? answers$ : request));
    asking.notify(to, 0).subscribe();
    net.advance(20);
    expect(serving.snapshot().serving).toBe(1);
    answers$.next(1);
    expect(answers$.observed).toBe(false);
    asking.call(to, 7).subscribe(observer);
    net.advance(20);
    expect(heard).toEqual(['30: 7', '30: |']);
    net.stop();
  });
});

describe('a channel', () => {
  it('streams both ways, each side at the demand of the other', () => {
    const { net, asking, serving, to } = pair();
    let pulled = 0;
    serving.serveChannel(({ requests }) => requests.pipe(boundedMergeMap((n) => of(n * 10))));
    const requests = flowFrom(upTo(5)).pipe(counting(() => (pulled += 1)));
    const { heard, demand } = consume(asking.channel(to, requests));
    demand.request(2);
    net.advance(200);
    expect(heard).toEqual([0, 10]);
    expect(pulled).toBeLessThan(5);
    demand.request(10);
    net.advance(200);
    expect(heard).toEqual([0, 10, 20, 30, 40, '|']);
    expect([asking.snapshot(), serving.snapshot()]).toEqual([idle, idle]);
    net.stop();
  });

  it('ends when the answers end, and leaves the requests', () => {
    const { net, asking, serving, to, heard, observer, note } = pair();
    serving.serveChannel(() => 1);
    const requests$ = new Subject<number>();
    asking.channel(to, requests$).subscribe(observer);
    net.advance(20);
    note(requests$.observed);
    expect(heard).toEqual(['10: 1', '10: |', '20: false']);
    net.stop();
  });

  it('is cancelled when its requests fail', () => {
    const { net, asking, serving, to, heard, observer, note, told } = pair();
    serving.serveChannel(({ requests }) => {
      requests.subscribe({ error: (error: unknown) => note(told(error)) });
      return NEVER;
    });
    const requests$ = new Subject<number>();
    asking.channel(to, requests$).subscribe(observer);
    net.advance(20);
    requests$.error(new TypeError('broken'));
    net.advance(20);
    expect(heard).toEqual(['20: TypeError: broken', '25: RXMESH_CALL_CANCELLED']);
    net.stop();
  });

  it('survives a peer that opens the channel while the node stops', async () => {
    const unhandled: unknown[] = [];
    config.onUnhandledError = (error) => void unhandled.push(error);
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const service = calls(net.node(1).router, { id: 7, ...codecs });
    net.start();
    // The news of the channel arrives when the node has said goodbye, and waits for the answer.
    const opened = calls(net.node(0).router, { id: 7, ...codecs });
    const { heard, observer } = listening(net);
    net.advance(4);
    void net.node(1).router.stop();
    net.advance(1);
    service.call(net.node(0).id, 1).subscribe(observer);
    net.advance(100);
    expect(heard).toEqual(['5: RXMESH_STOPPED']);
    expect([service.snapshot(), opened.snapshot()]).toEqual([idle, idle]);
    // RxJS tells of an error in an observer after a turn.
    await new Promise((resolve) => setTimeout(resolve));
    config.onUnhandledError = null;
    expect(unhandled).toEqual([]);
  });
});

function counting(count: () => void) {
  return <T>(source: Observable<T>): Observable<T> => source.pipe(tap(count));
}
