import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  block,
  dropNewest,
  dropOldest,
  fail,
  json,
  latest,
  type Channel,
  type LaneOptions,
} from 'rxmesh';
import { pipeTo, sendTo } from 'rxmesh/operators';
import { simulate, type Simulation } from 'rxmesh/testing';
import { flowFrom } from '../../../lib/flow/flow-from.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { runs } from '../../support/runs.ts';

trackLeaks();

const strategies = {
  block: block(8),
  dropOldest: dropOldest(8),
  dropNewest: dropNewest(8),
  latest: latest(),
  fail: fail(8),
};

/** What ends each run, as an action on the two nodes. */
const ends = {
  nothing: () => undefined,
  'the sender closes the channel': (_: Simulation, sender: Channel<number>) => sender.close(),
  'the receiver closes the channel': (
    _: Simulation,
    __: Channel<number>,
    receiver: Channel<number>,
  ) => receiver.close(),
  'the line is cut': (net: Simulation) => net.network.sever(net.node(0).id, net.node(1).id),
  'the sender stops': (net: Simulation) => void net.node(0).router.stop(),
  'the receiver stops': (net: Simulation) => void net.node(1).router.stop(),
};

interface Play {
  readonly inbound: LaneOptions;
  readonly outbound: LaneOptions;
  readonly end: keyof typeof ends;
  readonly count: number;
  readonly perTurn: number;
  readonly endsAtMs: number;
  /** When the receiver starts to consume. Never, if this is after everything else. */
  readonly consumesAtMs: number;
}

/** The number of messages that were neither delivered nor reported as dropped. */
function lostUntold(play: Play): number {
  const { inbound, outbound, end, count, perTurn, endsAtMs, consumesAtMs } = play;
  const net = simulate({
    nodes: 2,
    latencyMs: 3,
    options: () => ({ peers: { disconnectCooldownMs: 100_000 } }),
  });
  const [sender, receiver] = [0, 1].map((node) =>
    net.node(node).router.openChannel({ id: 1, codec: json<number>(), inbound, outbound }),
  ) as [Channel<number>, Channel<number>];
  net.start();
  const to = net.node(1).id;
  let sent = 0;
  const delivered = new Set<number>();
  for (let atMs = 0; atMs < 60; atMs += 1) {
    if (atMs === consumesAtMs) receiver.in$.subscribe(({ message }) => delivered.add(message));
    // A stopped node reports nothing more.
    const isOver = end === 'the sender stops' && atMs > endsAtMs;
    for (let nth = 0; nth < perTurn && sent < count && !isOver; nth += 1) {
      sent += 1;
      sender.out.next({ to, message: sent });
    }
    if (atMs === endsAtMs) ends[end](net, sender, receiver);
    net.advance(1);
  }
  receiver.in$.subscribe(({ message }) => delivered.add(message));
  net.advance(10_000);
  let told = 0;
  for (const { event } of net.log) if (event.type === 'message-dropped') told += event.count;
  net.stop();
  return sent - delivered.size - told;
}

const plays = fc.record({
  inbound: fc.constantFrom(...Object.values(strategies)),
  outbound: fc.constantFrom(...Object.values(strategies)),
  count: fc.integer({ min: 1, max: 200 }),
  perTurn: fc.integer({ min: 1, max: 40 }),
  endsAtMs: fc.integer({ min: 0, max: 30 }),
  consumesAtMs: fc.integer({ min: 0, max: 70 }),
});

describe('L-07 sent = delivered + reported', () => {
  it.each([
    ['nothing', 0],
    ['the sender closes the channel', 0],
    ['the receiver closes the channel', 0],
    ['the sender stops', 0],
    // The messages in transit, at most one credit window.
    ['the receiver stops', 64],
    ['the line is cut', 64],
  ] as const)(
    'for all strategies, when %s ends it, except for up to %i on the wire',
    (end, wireMax) => {
      fc.assert(
        fc.property(plays, (play) => {
          // A `fail` lane that overflows closes the connection itself.
          const onWireMax = play.inbound.strategy === 'fail' ? 64 : wireMax;
          const lost = lostUntold({ ...play, end });
          expect(lost).toBeGreaterThanOrEqual(0);
          expect(lost).toBeLessThanOrEqual(onWireMax);
        }),
        { numRuns: runs(40) },
      );
    },
  );
});

describe('a pipe between nodes that leave and return', () => {
  const lanes = { inbound: block(8), outbound: block(8) };

  it('L-01 a consumer that closes and reopens its channel gets everything once, in order', () => {
    const net = simulate({
      nodes: 2,
      latencyMs: 3,
      options: () => ({ peers: { disconnectCooldownMs: 10 } }),
    });
    const channel = net.openChannels({ id: 1, codec: json<number>(), ...lanes });
    const heard: number[] = [];
    let pulled = 0;
    function* numbers(): Generator<number> {
      for (let value = 1; value <= 500; value += 1) {
        pulled = value;
        yield value;
      }
    }
    channel(1).in$.subscribe(({ message }) => heard.push(message));
    net.start();
    flowFrom(numbers())
      .pipe(sendTo(net.node(1).id), pipeTo(channel(0)))
      .subscribe();
    net.advance(30);
    // Close the receiving side in an orderly way, as when the consumer's process is replaced.
    channel(1).close();
    net.advance(50);
    const pulledBefore = pulled;
    net.advance(5_000);
    expect(pulled).toBe(pulledBefore);
    const anew = net.node(1).router.openChannel({ id: 1, codec: json<number>(), ...lanes });
    anew.in$.subscribe(({ message }) => heard.push(message));
    net.advance(5_000);
    const told = net.log.flatMap(({ event }) => (event.type === 'message-dropped' ? [event] : []));
    const late = told.reduce((sum, { count }) => sum + count, 0);
    // Messages in transit at the close did arrive, and the receiver reported them.
    expect(
      told.every(({ direction, reason }) => `${direction} ${reason}` === 'inbound channel-closed'),
    ).toBe(true);
    expect(heard.length + late).toBe(500);
    expect(heard).toEqual([...heard].sort((a, b) => a - b));
    net.stop();
  });

  it('L-04 a stopping node pulls nothing more, and what its pipe has already pulled arrives', () => {
    const net = simulate({ nodes: 2, latencyMs: 3 });
    const channel = net.openChannels({ id: 1, codec: json<number>(), ...lanes });
    let pulled = 0;
    function* numbers(): Generator<number> {
      while (pulled < 1_000_000) yield (pulled += 1);
    }
    const heard: number[] = [];
    channel(1).in$.subscribe(({ message }) => heard.push(message));
    net.start();
    const reports: unknown[] = [];
    flowFrom(numbers())
      .pipe(sendTo(net.node(1).id), pipeTo(channel(0)))
      .subscribe({ next: (report) => reports.push(report), complete: () => reports.push('end') });
    net.advance(100);
    const pulledBefore = pulled;
    void net.node(0).router.stop();
    net.advance(1_000);
    expect(pulled).toBe(pulledBefore);
    expect(heard).toHaveLength(pulled);
    expect(reports).toEqual([{ accepted: pulled, dropped: 0 }, 'end']);
    expect(net.log.filter(({ event }) => event.type === 'message-dropped')).toEqual([]);
    net.stop();
  });

  it('L-04 a stopping consumer gets the messages in transit', () => {
    const net = simulate({ nodes: 2, latencyMs: 3 });
    const channel = net.openChannels({ id: 1, codec: json<number>(), ...lanes });
    const heard: number[] = [];
    channel(1).in$.subscribe(({ message }) => heard.push(message));
    net.start();
    let pulled = 0;
    function* numbers(): Generator<number> {
      while (pulled < 1_000_000) yield (pulled += 1);
    }
    const lost: number[] = [];
    channel(0).undelivered$.subscribe(({ message }) => lost.push(message));
    flowFrom(numbers())
      .pipe(sendTo(net.node(1).id), pipeTo(channel(0)))
      .subscribe();
    net.advance(100);
    void net.node(1).router.stop();
    net.advance(1_000);
    const kept = net.node(0).router.snapshot().awaited[0];
    // One waits in the pipe. The lane accepted the other eight and keeps them for the consumer.
    expect(kept).toMatchObject({ sends: 1, kept: 8 });
    expect(heard).toEqual(Array.from({ length: pulled - 9 }, (_, nth) => nth + 1));
    expect(lost).toEqual([]);
    net.stop();
  });
});
