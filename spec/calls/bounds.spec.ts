import { describe, expect, it } from '@jest/globals';
import { block, Flow, flowFrom } from 'rxmesh';
import { type Calls, calls } from 'rxmesh/calls';
import { simulate, type Simulation } from 'rxmesh/testing';
import { NEVER, of, take } from 'rxjs';
import { Frame, kinds } from '../../lib/calls/frame.ts';
import { frameCodec } from '../../lib/calls/frame-codec.ts';
import { consume } from '../support/consume.ts';
import { codecs, idle, listening, pair, upTo } from './stage.ts';

/** A node that calls, and one that takes no frame before `listen`. */
function deaf(maxCalls = 10) {
  const net = simulate({ nodes: 2, latencyMs: 5 });
  const lanes = { inbound: block(1), outbound: block(1) };
  const asking = calls(net.node(0).router, { id: 7, ...codecs, ...lanes, maxCalls });
  const channel = net.node(1).router.openChannel<Frame>({ id: 7, codec: frameCodec, ...lanes });
  net.start();
  const frames: Frame[] = [];
  const listen = (): void => {
    channel.in$.subscribe(({ message }) => frames.push(message));
    net.advance(200);
  };
  return { net, asking, frames, listen, to: net.node(1).id, ...listening(net) };
}

describe('the bounds of calls', () => {
  it('maxCallsInAll holds for the calls of all peers that a node serves', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const serving = calls(net.node(0).router, { id: 7, ...codecs, maxCallsInAll: 3 });
    serving.serve(() => NEVER);
    net.start();
    const { heard, observer } = listening(net);
    for (const node of [1, 2]) {
      const asking = calls(net.node(node).router, { id: 7, ...codecs });
      net.advance(20);
      for (let n = 0; n < 2; n += 1) asking.call(net.node(0).id, n).subscribe(observer);
      net.advance(20);
    }
    expect(serving.snapshot().serving).toBe(3);
    expect(heard).toEqual([expect.stringContaining('RXMESH_TOO_MANY_CALLS')]);
    net.stop();
  });

  it('a cancelled call keeps its place until its cancellation has left', () => {
    const { net, asking, to, heard, observer, listen, frames } = deaf(4);
    // The first two fill the lanes.
    const subscriptions = [0, 1, 2, 3].map((n) => asking.call(to, n).subscribe(observer));
    net.advance(20);
    for (const subscription of subscriptions) subscription.unsubscribe();
    const { asking: left } = asking.snapshot();
    expect(left).toBeGreaterThan(0);
    for (let n = 0; n < 4; n += 1) asking.call(to, n).subscribe(observer);
    expect(heard.length).toBe(left);
    expect(heard[0]).toContain('RXMESH_TOO_MANY_CALLS');
    listen();
    expect(frames.filter(({ kind }) => kind === kinds.cancel).length).toBe(left);
    net.stop();
  });

  it('a cancelled call that was never sent sends nothing', () => {
    const { net, asking, to, listen, frames } = deaf();
    const subscriptions = [0, 1, 2, 3, 4].map((n) => asking.call(to, n).subscribe());
    net.advance(20);
    for (const subscription of subscriptions) subscription.unsubscribe();
    listen();
    const of_ = (kind: number): readonly number[] =>
      frames.filter((frame) => frame.kind === kind).map(({ call }) => call);
    expect(of_(kinds.call).length).toBeLessThan(5);
    expect(of_(kinds.cancel)).toEqual(of_(kinds.call));
    expect(asking.snapshot()).toEqual(idle);
    net.stop();
  });

  it.each([
    ['the lost connection', (net: Simulation) => net.sever(0, 1)],
    ['the closed service', (_: Simulation, asking: Calls<number, number>) => asking.close()],
  ])('counts nothing of cancellations that wait behind %s', (__, end) => {
    const { net, asking, to } = deaf();
    const subscriptions = [0, 1, 2, 3].map((n) => asking.call(to, n).subscribe());
    net.advance(20);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(asking.snapshot().asking).toBeGreaterThan(0);
    end(net, asking);
    net.advance(1);
    expect(asking.snapshot().asking).toBe(0);
    net.stop();
  });
});

describe('the demand of calls', () => {
  it('reaches a source in portions, and at most 32 values ahead', () => {
    const { net, serving, asking, to } = pair();
    const requests: number[] = [];
    let held = 0;
    let most = 0;
    serving.serve(
      () =>
        new Flow<number>((sink) => ({
          request: (count) => {
            requests.push(count);
            for (let n = 0; n < count; n += 1) {
              held += 1;
              most = Math.max(most, held);
              sink.next(n);
            }
          },
          unsubscribe: () => undefined,
        })),
    );
    const { demand } = consume(asking.call(to, 0), () => (held -= 1));
    demand.request(640);
    net.advance(100);
    expect(requests.reduce((sum, count) => sum + count, 0)).toBe(640);
    expect(Math.min(...requests)).toBeGreaterThanOrEqual(16);
    expect(Math.max(...requests)).toBeLessThanOrEqual(32);
    demand.unsubscribe();
    net.stop();
  });

  it('travels in portions of at least a quarter of what is wanted', () => {
    const { net, frames, asking, to, listen } = deaf();
    listen();
    const flow = asking.call(to, 0);
    const { demand } = consume(flow);
    demand.request(8);
    for (let n = 0; n < 2; n += 1) demand.request(1);
    net.advance(50);
    const credits = frames.map(({ kind, credit }) => [kind, credit]);
    // Two more of ten is less than a quarter.
    expect(credits).toEqual([[kinds.call, 8]]);
    demand.request(1);
    net.advance(50);
    expect(frames.slice(1).map(({ kind, credit }) => [kind, credit])).toEqual([[kinds.credit, 3]]);
    demand.unsubscribe();
    net.stop();
  });

  it('has a window of 1,024 at first, which doubles with each that has come, up to `window`', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const asking = calls(net.node(0).router, { id: 7, ...codecs, window: 4_000 });
    const answering = net.node(1).router.openChannel<Frame>({ id: 7, codec: frameCodec });
    net.start();
    let granted = 0;
    let answered = 0;
    const windows: number[] = [];
    answering.in$.subscribe(({ message }) => (granted += message.credit));
    const subscription = asking.call(net.node(1).id, 0).subscribe();
    net.advance(50);
    while (answered < 10_000) {
      const answer = new Frame(kinds.answer, 1);
      answer.payload = codecs.response.encode(answered);
      windows.push(granted - answered);
      answered += 1;
      answering.out.next({ to: net.node(0).id, message: answer });
      net.advance(20);
    }
    expect(Math.max(...windows.slice(0, 1_024))).toBe(1_024);
    expect(Math.max(...windows.slice(1_024, 3_072))).toBe(2_048);
    expect(Math.max(...windows)).toBe(4_000);
    // It is returned in portions of at least a quarter.
    expect(Math.min(...windows.slice(3_100))).toBe(3_001);
    subscription.unsubscribe();
    net.stop();
  });
});

describe('what a call leaves behind', () => {
  it('is neither a timer nor a listener', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.serve(() => of(1));
    const listeners = new Set<unknown>();
    const signal = {
      aborted: false,
      reason: undefined,
      addEventListener: (_: string, listener: unknown) => void listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => void listeners.delete(listener),
    };
    asking.call(to, 0, { timeoutMs: 3_600_000, signal }).subscribe(observer);
    expect(listeners.size).toBe(1);
    net.advance(20);
    expect(heard).toEqual(['10: 1', '10: |']);
    expect(listeners.size).toBe(0);
    // Throws if a timer is left.
    net.stop();
  });

  it('is no credit for requests, once the handler has left them', () => {
    const { net, asking, serving, to } = pair();
    let sent = 0;
    serving.serveChannel(({ requests }) => {
      requests.pipe(take(1)).subscribe();
      return NEVER;
    });
    const subscription = asking
      .channel(
        to,
        flowFrom(
          (function* () {
            for (const n of upTo(5_000)) {
              sent += 1;
              yield n;
            }
          })(),
        ),
      )
      .subscribe();
    net.advance(100);
    // A window was granted before that, and the source is a little ahead.
    expect(sent).toBeLessThanOrEqual(1_024 + 32);
    subscription.unsubscribe();
    net.stop();
  });

  it('is an end of its requests, when it ends before them', () => {
    const { net, asking, serving, to, heard, observer } = pair();
    serving.serveChannel(({ requests }) => {
      requests.subscribe(observer);
      return 7;
    });
    asking.channel(to, NEVER).subscribe();
    net.advance(50);
    expect(heard).toEqual(['5: RXMESH_CALL_CANCELLED']);
    net.stop();
  });

  it('a call to a node that says goodbye fails at once', () => {
    const { net, asking, to, heard, observer } = pair();
    asking.call(to, 0).subscribe(observer);
    net.advance(20);
    void net.node(0).router.stop();
    net.advance(0);
    asking.call(to, 1).subscribe(observer);
    expect(heard.map((line) => line.split(': ')[1])).toContain('RXMESH_STOPPED');
    expect(heard.length).toBe(2);
    net.stop();
  });
});
