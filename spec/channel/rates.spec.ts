import { describe, expect, it } from '@jest/globals';
import { block, dropOldest, raw, type LaneOptions } from '../../lib/index.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';

interface Lanes {
  readonly inbound?: LaneOptions;
  readonly outbound?: LaneOptions;
}

/** Node 0 sends `count` messages of 100 bytes to node 1, as fast as the lanes accept them. */
function transfer(lanes: Lanes, count: number): { net: Simulation; atMs: number[] } {
  const net = simulate({ nodes: 2 });
  const channels = net.openChannels({ id: 1, codec: raw(), ...lanes });
  net.start();
  const startMs = net.now();
  const atMs: number[] = [];
  channels(1).in$.subscribe(() => atMs.push(net.now() - startMs));
  for (let i = 0; i < count; i += 1) {
    channels(0)
      .send({ to: net.node(1).id, message: new Uint8Array(100) })
      .subscribe();
  }
  return { net, atMs };
}

const spread = (atMs: readonly number[], fromMs: number, untilMs: number): number =>
  atMs.filter((each) => each >= fromMs && each < untilMs).length;

describe('rates of a channel', () => {
  it.each([
    ['inbound', 10, { inbound: block(16, { messagesPerSecond: 10 }) }],
    ['outbound', 10, { outbound: block(16, { messagesPerSecond: 10 }) }],
    // One passes on credit and is paid off.
    ['inbound, by bytes', 11, { inbound: block(16, { bytesPerSecond: 1000 }) }],
    ['outbound, by bytes', 11, { outbound: block(16, { bytesPerSecond: 1000 }) }],
  ])('%s: the excess waits, and nothing is lost', (_, atOnce, lanes) => {
    const { net, atMs } = transfer(lanes, 60);
    net.advance(10_000);
    expect(atMs).toHaveLength(60);
    expect(spread(atMs, 0, 50)).toBe(atOnce);
    for (let second = 1; second <= 4; second += 1) {
      expect(spread(atMs, second * 1000, (second + 1) * 1000)).toBe(10);
    }
    net.stop();
  });

  it('limit each peer separately', () => {
    const net = simulate({ nodes: 3 });
    const inbound = block(16, { messagesPerSecond: 10 });
    const channels = net.openChannels({ id: 1, codec: raw(), inbound });
    net.start();
    const from = new Map<string, number>();
    channels(2).in$.subscribe((envelope) =>
      from.set(envelope.from, (from.get(envelope.from) ?? 0) + 1),
    );
    for (let i = 0; i < 100; i += 1) {
      for (const node of [0, 1]) {
        const to = net.node(2).id;
        channels(node)
          .send({ to, message: new Uint8Array(1) })
          .subscribe();
      }
    }
    net.advance(2_050);
    expect([...from.values()]).toEqual([30, 30]);
    net.stop();
  });

  it('leave the excess to the strategy of a lane that drops', () => {
    const { net, atMs } = transfer({ inbound: dropOldest(5, { messagesPerSecond: 10 }) }, 60);
    net.advance(10_000);
    const dropped = net.log.reduce(
      (sum, { event }) => sum + (event.type === 'message-dropped' ? event.count : 0),
      0,
    );
    expect(atMs).toHaveLength(15);
    expect(dropped).toBe(45);
    net.stop();
  });

  it('leave no timer when the channel closes or the peer leaves', () => {
    const bounds = { messagesPerSecond: 1 };
    const lanes = { inbound: block(16, bounds), outbound: block(16, bounds) };
    const { net } = transfer(lanes, 10);
    net.advance(1_500);
    // It throws if anything still waits for a timer.
    net.stop();
  });

  it('leave no timer when a consumer closes the channel on a message', () => {
    const net = simulate({ nodes: 2 });
    const inbound = block(16, { messagesPerSecond: 1 });
    const channels = net.openChannels({ id: 1, codec: raw(), inbound });
    net.start();
    channels(1).in$.subscribe(() => channels(1).close());
    channels(0).out.next({ to: net.node(1).id, message: new Uint8Array(1) });
    net.advance(10);
    net.stop();
  });

  it('cost no peer its connection: a pause of our own does not count as slowness', () => {
    const net = simulate({ nodes: 2 });
    const outbound = block(2, { messagesPerSecond: 1 });
    const slowPeer = { evictAfterMs: 500 };
    const channels = net.openChannels({ id: 1, codec: raw(), outbound, slowPeer });
    net.start();
    let heard = 0;
    channels(1).in$.subscribe(() => (heard += 1));
    for (let i = 0; i < 10; i += 1) {
      channels(0)
        .send({ broadcast: true, message: new Uint8Array(1) })
        .subscribe();
    }
    net.advance(12_000);
    expect(heard).toBe(10);
    expect(net.node(0).up.size).toBe(1);
    net.stop();
  });
});
