import { describe, expect, it } from '@jest/globals';
import type { Channel, SlowPeerPolicy } from '../../lib/channel/channel.ts';
import { raw } from '../../lib/codec/raw.ts';
import { block } from '../../lib/flow/strategy.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import { waitingSendsMax } from '../../lib/session/waiting-sends.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import type { FakeLink } from '../support/fake-link.ts';
import { expectIdle, trackLeaks } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';
import { size } from '../support/runs.ts';

const broadcast = (value: number): { broadcast: true; message: Uint8Array } => ({
  broadcast: true,
  message: Uint8Array.of(value),
});

/** A channel with 50 peers, of which the first takes nothing; counts what is encoded. */
class Crowd {
  readonly node = new LinkedNode();
  readonly channel: Channel<Uint8Array>;
  readonly stuck: FakeLink;
  readonly links: readonly FakeLink[];
  encoded = 0;

  constructor(slowPeer: SlowPeerPolicy) {
    const encode = (message: Uint8Array): Uint8Array => {
      this.encoded += 1;
      return message;
    };
    const options = { outbound: block(4), slowPeer, codec: { ...raw(), encode } };
    this.channel = open(this.node, options);
    this.stuck = this.node.peer(1, { 7: 0 }).link;
    this.links = Array.from({ length: 49 }, (_, i) => this.node.peer(i + 2, { 7: 1000 }).link);
  }

  /** How many messages each of the other peers has been sent since the last call. */
  get arrived(): number {
    const counts = this.links.map(
      (link) => link.take().filter((text) => text.startsWith('data')).length,
    );
    expect(new Set(counts).size).toBe(1);
    return counts[0] ?? NaN;
  }

  /**
   * Sends that many broadcasts, one after the other, as fast as possible; returns a log of the
   * outcome.
   */
  send(count: number): string[] {
    const log: string[] = [];
    const all = Array.from({ length: count }, (_, value) => broadcast(value));
    pipeTo(this.channel, { clock: this.node.clock })(all).subscribe({
      next: ({ accepted, dropped }) => log.push(`${accepted}/${dropped} ${this.node.clock.now()}`),
      complete: () => log.push('end'),
    });
    return log;
  }

  /** Everything to check after some time has passed. */
  after(ms: number, log: string[]): unknown {
    this.node.clock.advance(ms);
    return { log, arrived: this.arrived, encoded: this.encoded };
  }
}

describe('a broadcast to 50 peers of which one takes nothing', () => {
  it('wait: waits until that peer takes a message, closes the channel or leaves', () => {
    const crowd = new Crowd('wait');
    const log = crowd.send(10);
    expect(crowd.after(1_000_000, log)).toEqual({ log: [], arrived: 5, encoded: 5 });
    crowd.stuck.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 2 ** 30 });
    expect(crowd.after(1, log)).toEqual({ log: [], arrived: 1, encoded: 6 });
    crowd.stuck.arrive({ type: 'closed', channel: 7 });
    // All 50 have the first, four more are in the lane of the slow peer, and the sixth waited for
    // it.
    const ended = { log: ['495/1 1000001', 'end'], arrived: 4, encoded: 10 };
    expect(crowd.after(0, log)).toEqual(ended);
    expect(crowd.node.takeDrops()).toEqual(['out 7 channel-not-open 5']);
    expectIdle(crowd.node.clock.scheduler);
  });

  it('drop: after 1 s that peer misses what its lane has no room for, and nobody is held up', () => {
    const crowd = new Crowd('drop');
    const log = crowd.send(100);
    expect(crowd.after(999, log)).toEqual({ log: [], arrived: 5, encoded: 5 });
    // Once the peer is known to be slow, broadcasts skip it immediately.
    const ended = { log: [`${49 * 100 + 4}/96 1000`, 'end'], arrived: 95, encoded: 100 };
    expect(crowd.after(1, log)).toEqual(ended);
    expect(crowd.node.dropped()).toEqual({ 'out 7 lane-full': 96 });
    crowd.stuck.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 2 ** 30 });
    crowd.node.turn();
    // It has taken a message, so it gets the full time again.
    const again = crowd.send(2);
    expect(crowd.after(999, again)).toMatchObject({ log: [], arrived: 2 });
    expect(crowd.after(1, again)).toMatchObject({ log: ['99/1 2000', 'end'], arrived: 0 });
    expect(crowd.node.takeDrops()).toEqual(['out 7 lane-full 1']);
    expectIdle(crowd.node.clock.scheduler);
  });

  it('dropAfterMs: that peer gets this time', () => {
    const crowd = new Crowd({ dropAfterMs: 50 });
    const log = crowd.send(6);
    expect(crowd.after(49, log)).toMatchObject({ log: [] });
    expect(crowd.after(1, log)).toMatchObject({ log: [`${49 * 6 + 4}/2 50`, 'end'] });
    expect(crowd.node.dropped()).toEqual({ 'out 7 lane-full': 2 });
  });

  it('drop: drops nothing for peers that are only behind at the end of a turn', () => {
    const crowd = new Crowd('drop');
    crowd.stuck.end();
    expect(crowd.after(0, crowd.send(500))).toMatchObject({
      log: [`${49 * 500}/0 0`, 'end'],
      arrived: 500,
    });
    expect(crowd.node.takeDrops()).toEqual([]);
  });

  it('evict: evicts that peer once it has taken nothing for evictAfterMs', () => {
    const crowd = new Crowd({ evictAfterMs: 300 });
    crowd.node.clock.advance(1_000);
    const log = crowd.send(10);
    expect(crowd.after(200, log)).toEqual({ log: [], arrived: 5, encoded: 5 });
    crowd.stuck.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 2 ** 30 });
    // It took a message at 1200, so it gets the full time again.
    expect(crowd.after(299, log)).toEqual({ log: [], arrived: 1, encoded: 6 });
    expect(crowd.stuck.closedFor).toBeUndefined();
    const ended = { log: ['495/1 1500', 'end'], arrived: 4, encoded: 10 };
    expect(crowd.after(1, log)).toEqual(ended);
    expect(crowd.stuck.closedFor).toBe('evicted');
    const about = { peer: idOf(1), channel: 7 };
    expect(crowd.node.reports).toMatchObject([
      { peer: idOf(1), severity: 'disconnect', reason: { code: 'RXMESH_SLOW_PEER', ...about } },
    ]);
    expect(crowd.node.takeDrops()).toEqual(['out 7 peer-down 5']);
    expectIdle(crowd.node.clock.scheduler);
  });

  it('evict: a peer that takes one message at a time stays, at the cost of one timer', () => {
    const crowd = new Crowd({ evictAfterMs: 300 });
    const log = crowd.send(50);
    for (let taken = 0; taken < 50; taken += 1) {
      crowd.stuck.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 2 ** 30 });
      crowd.node.clock.advance(299);
      // At the end of the first turn every lane was full.
      expect(crowd.node.clock.dueTimesMs.length).toBeLessThanOrEqual(taken === 0 ? 50 : 1);
    }
    expect(log.at(-1)).toBe('end');
    expect([crowd.stuck.closedFor, crowd.node.takeDrops()]).toEqual([undefined, []]);
    crowd.node.clock.advance(300);
    expectIdle(crowd.node.clock.scheduler);
  });
});

describe('slowPeer', () => {
  const policies: SlowPeerPolicy[] = ['drop', { dropAfterMs: 10 }, { evictAfterMs: 10 }];

  it.each(policies)('%j: a message to one peer waits indefinitely', (slowPeer) => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1), slowPeer });
    const { link } = node.peer(1, { 7: 0 });
    let taken = 0;
    const source = [1, 2, 3].map((value) => ({ to: idOf(1), message: Uint8Array.of(value) }));
    pipeTo(channel)(source).subscribe(({ accepted }) => (taken = accepted));
    node.clock.advance(1_000);
    link.arrive({ type: 'credit', channel: 7, messages: 9, bytes: 2 ** 30 });
    node.turn();
    expect([taken, link.closedFor, node.takeDrops()]).toEqual([3, undefined, []]);
  });

  it.each(policies)('%j: does nothing to a peer that nothing waits for any more', (slowPeer) => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1), slowPeer });
    const { link } = node.peer(1, { 7: 0 });
    channel.out.next(broadcast(1));
    channel.send(broadcast(2)).subscribe().unsubscribe();
    node.clock.advance(1_000);
    expect([link.closedFor, node.takeDrops()]).toEqual([undefined, []]);
    channel.send(broadcast(3)).subscribe({ error: () => undefined });
    channel.close();
    node.turn();
    expectIdle(node.clock.scheduler);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 2']);
  });

  it('evict: taking any earlier message counts, whoever it was addressed to', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1), slowPeer: { evictAfterMs: 100 } });
    const { link } = node.peer(1, { 7: 0 });
    channel.out.next(broadcast(1));
    channel.send({ to: idOf(1), message: Uint8Array.of(2) }).subscribe();
    channel.send(broadcast(3)).subscribe();
    node.clock.advance(99);
    link.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 2 ** 30 });
    node.clock.advance(99);
    expect(link.closedFor).toBeUndefined();
    node.clock.advance(1);
    expect(link.closedFor).toBe('evicted');
  });

  it('evict: a peer that takes messages stays, even if its lane is full by bytes meanwhile', () => {
    const node = new LinkedNode();
    const outbound = block(256, { bytes: 1000 });
    const channel = open(node, { outbound, slowPeer: { evictAfterMs: 1000 } });
    const { link } = node.peer(1, { 7: 0 });
    const sizes = [...Array<number>(20).fill(10), 2000, 10];
    for (const size of sizes) {
      channel.send({ broadcast: true, message: new Uint8Array(size) }).subscribe();
    }
    for (let taken = 0; taken < 10; taken += 1) {
      link.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 2 ** 20 });
      node.clock.advance(400);
    }
    expect(link.closedFor).toBeUndefined();
    node.clock.advance(2_000);
    expect(link.closedFor).toBe('evicted');
  });

  it('drop: a lane is not stuck while a long message leaves it piece by piece', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1), slowPeer: 'drop' });
    const { link } = node.peer(1, { 7: 9 });
    const reports: string[] = [];
    for (let sent = 0; sent < 3; sent += 1) {
      channel
        .send({ broadcast: true, message: new Uint8Array(size(4_096, 512) * 1_024) })
        .subscribe(({ accepted, dropped }) => reports.push(`${accepted}/${dropped}`));
    }
    node.turn();
    expect(link.take().filter((text) => text.endsWith('last'))).toHaveLength(3);
    expect([reports, node.takeDrops()]).toEqual([['1/0', '1/0', '1/0'], []]);
  });

  it('drop: reports each drop once if the end of a skipped broadcast closes the channel', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1), slowPeer: 'drop' });
    node.peer(1, { 7: 0 });
    channel.out.next({ to: idOf(1), message: Uint8Array.of(0) });
    for (const value of [1, 2, 3]) {
      channel
        .send(broadcast(value))
        .subscribe({ complete: () => channel.close(), error: () => undefined });
    }
    node.clock.advance(1_000);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 3', 'out 7 lane-full 1']);
  });

  it('a broadcast skips a lane for which too many sends wait; a message to its peer fails', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    node.peer(1, { 7: 0 });
    node.peer(2, { 7: 9 });
    const logs: string[] = [];
    const send = (envelope: Parameters<typeof channel.send>[0]): void => {
      channel.send(envelope).subscribe({
        next: ({ accepted, dropped }) => logs.push(`${accepted}/${dropped}`),
        error: (error: unknown) => logs.push((error as RxmeshError).code),
      });
    };
    const only = { to: idOf(1), message: Uint8Array.of(1) };
    for (let count = 0; count <= waitingSendsMax; count += 1) send(only);
    expect(logs).toEqual(['1/0']);
    send(broadcast(2));
    send(only);
    expect(logs).toEqual(['1/0', '1/1', 'RXMESH_OVERFLOW']);
    expect(node.takeDrops()).toEqual(['out 7 lane-full 2']);
  });
});

trackLeaks();
