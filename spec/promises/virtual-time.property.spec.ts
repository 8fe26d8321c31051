import { describe, expect, it } from '@jest/globals';
import { block, dropNewest, dropOldest, latest, raw } from '../../lib/index.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';
import { numbered, numberOf, produce } from './numbered.ts';
import { size } from '../support/runs.ts';

/** Returns true for the first `count` calls. */
function left(count: number): () => boolean {
  let times = 0;
  return () => times++ < count;
}

/** Depths of the outbound lane of node 0 and the inbound lane of node 1, on one channel. */
function depths(net: Simulation, channel: number): readonly [number, number] {
  const [out, into] = [0, 1].map((node) =>
    net
      .node(node)
      .router.snapshot()
      .peers[0]?.channels.find((each) => each.channel === channel),
  );
  return [out?.outbound.depth ?? NaN, into?.inbound.depth ?? NaN];
}

describe('promises 1 and 3: constant memory, nothing lost', () => {
  it('a consumer at 100 messages/s loses nothing of 100,000/s, and no lane exceeds its capacity', () => {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const channels = net.openChannels({
      id: 1,
      codec: raw(),
      inbound: block(64),
      outbound: block(256),
    });
    net.start();
    const heard: number[] = [];
    const demand = channels(1).in$.consume({
      next: ({ message }) => heard.push(numberOf(message)),
      error: (error) => expect(error).toBeUndefined(),
      complete: () => undefined,
    });
    const seconds = size(60, 5);
    const endMs = net.now() + seconds * 1_000;
    const waits = { sends: 0 };
    let seq = 0;
    let failed = 0;
    // Up to 100 messages per millisecond, as many as the lane accepts.
    const tick = (): void => {
      for (let i = 0; i < 100 && waits.sends === 0; i += 1) {
        waits.sends += 1;
        channels(0)
          .send({ to: net.node(1).id, message: numbered(seq++) })
          .subscribe({
            next: ({ dropped }) => (failed += dropped),
            complete: () => (waits.sends -= 1),
          });
      }
      if (net.now() < endMs) net.clock.schedule(tick, 1);
    };
    tick();
    const highest = [0, 0];
    for (let step = 0; step < seconds * 100; step += 1) {
      demand.request(1);
      net.advance(10);
      depths(net, 1).forEach((depth, i) => (highest[i] = Math.max(highest[i] ?? 0, depth)));
    }
    expect(heard).toHaveLength(seconds * 100);
    expect(highest).toEqual([256, 64]);
    demand.request(Infinity);
    net.advance(1_000);
    expect(failed).toBe(0);
    expect(heard).toEqual(Array.from({ length: seq }, (_, i) => i));
    expect(seq).toBeGreaterThan(seconds * 100);
    net.stop();
  });
});

describe('promise 2: nothing is lost silently', () => {
  it.each([
    ['block', block(16), block(16)],
    ['dropOldest', dropOldest(16), dropOldest(16)],
    ['dropNewest', dropNewest(16), dropNewest(16)],
    ['latest', latest(), latest()],
    ['block into latest', block(16), latest()],
    ['dropNewest into block', dropNewest(16), block(16)],
  ])('%s: every push is delivered or reported as dropped', (_, outbound, inbound) => {
    const net = simulate({ nodes: 2, latencyMs: 3 });
    const channels = net.openChannels({ id: 1, codec: raw(), inbound, outbound });
    net.start();
    const heard: number[] = [];
    const demand = channels(1).in$.consume({
      next: ({ message }) => heard.push(numberOf(message)),
      error: (error) => expect(error).toBeUndefined(),
      complete: () => undefined,
    });
    const pushed = size(5_000, 1_500);
    for (let i = 0; i < pushed; i += 1) {
      channels(0).out.next({ to: net.node(1).id, message: numbered(i) });
      if (i % 10 === 0) net.advance(1);
      if (i % 40 === 0) demand.request(10);
    }
    demand.request(Infinity);
    net.advance(1_000);
    const dropped = net.log.reduce(
      (sum, { event }) => sum + (event.type === 'message-dropped' ? event.count : 0),
      0,
    );
    expect(dropped).toBeGreaterThan(pushed / 5);
    expect(heard.length + dropped).toBe(pushed);
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
    net.stop();
  });
});

describe('promise 4: no head-of-line blocking', () => {
  const busyMs = size(2_000, 500);

  /**
   * Messages that a busy channel carries in `busyMs`, alone or beside a channel with a stalled
   * consumer.
   */
  function throughput(beside: 'alone' | 'a stalled channel'): number {
    const net = simulate({ nodes: 2, latencyMs: 5 });
    const lanes = { codec: raw(), inbound: block(64), outbound: block(64) };
    const busy = net.openChannels({ id: 1, ...lanes });
    const stalled = net.openChannels({ id: 2, ...lanes });
    net.start();
    const to = net.node(1).id;
    if (beside === 'a stalled channel') {
      stalled(1).in$.consume({
        next: () => expect('a message').toBe('held back'),
        error: () => undefined,
        complete: () => undefined,
      });
      produce(stalled(0), to, () => true, 16 * 1024);
      net.advance(1_000);
      expect(depths(net, 2)).toEqual([64, 64]);
    }
    let heard = 0;
    busy(1).in$.subscribe(() => (heard += 1));
    const endMs = net.now() + busyMs;
    const { sent } = produce(busy(0), to, () => net.now() < endMs, 4 * 1024);
    net.advance(busyMs);
    const count = heard;
    net.advance(1_000);
    expect(heard).toBeGreaterThan(sent);
    net.stop();
    return count;
  }

  it('a busy channel beside a stalled one keeps at least 90 % of its speed', () => {
    const alone = throughput('alone');
    expect(alone).toBeGreaterThan(busyMs);
    expect(throughput('a stalled channel') / alone).toBeGreaterThan(0.9);
  });

  it("a flooding peer gets no more than its share of the consumer's time", () => {
    const net = simulate({ nodes: 4, latencyMs: 5 });
    const channels = net.openChannels({ id: 1, codec: raw(), inbound: block(64) });
    net.start();
    const to = net.node(3).id;
    const heard = new Map<string, number>();
    const demand = channels(3).in$.consume({
      next: ({ from }) => heard.set(from, (heard.get(from) ?? 0) + 1),
      error: (error) => expect(error).toBeUndefined(),
      complete: () => undefined,
    });
    let isOver = false;
    produce(channels(0), to, () => !isOver);
    net.advance(1_000);
    // The other peers send 20 messages each once the flood has filled its lanes.
    for (const node of [1, 2]) produce(channels(node), to, left(20));
    net.advance(100);
    for (let taken = 0; taken < 60; taken += 1) {
      demand.request(1);
      net.advance(10);
    }
    expect([0, 1, 2].map((node) => heard.get(net.node(node).id))).toEqual([20, 20, 20]);
    isOver = true;
    net.stop();
  });

  it.each([
    ['one message', 10 * 2 ** 20],
    ['messages of 64 KiB', 64 * 1024],
  ])(
    'an urgent message under a bulk transfer of 10 MiB in %s arrives within two round trips',
    (_, bytes) => {
      const latencyMs = 20;
      const net = simulate({ nodes: 2, latencyMs, bytesPerSecond: 10_000_000 });
      const urgent = net.openChannels({ id: 1, codec: raw() });
      const bulk = net.openChannels({ id: 2, codec: raw(), messageBytesMax: 16 * 2 ** 20 });
      net.start();
      const to = net.node(1).id;
      let bulkBytes = 0;
      bulk(1).in$.subscribe(({ message }) => (bulkBytes += message.length));
      let sentBytes = 0;
      produce(bulk(0), to, () => (sentBytes += bytes) <= 10 * 2 ** 20, bytes);
      const delaysMs: number[] = [];
      let sentAtMs = 0;
      urgent(1).in$.subscribe(() => delaysMs.push(net.now() - sentAtMs));
      for (let i = 0; i < 10; i += 1) {
        net.advance(13);
        sentAtMs = net.now();
        urgent(0).out.next({ to, message: numbered(i) });
        net.clock.advanceUntil(() => delaysMs.length > i, 1_000);
      }
      // The transfer is still in progress.
      expect(bulkBytes).toBeLessThan(10 * 2 ** 20);
      expect(delaysMs).toHaveLength(10);
      expect(Math.max(...delaysMs)).toBeLessThanOrEqual(4 * latencyMs);
      net.advance(5_000);
      expect(bulkBytes).toBe(10 * 2 ** 20);
      net.stop();
    },
  );
});
