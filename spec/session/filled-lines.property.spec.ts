import { describe, expect, it } from '@jest/globals';
import { flowFrom, type NodeId, raw } from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { simulate } from 'rxmesh/testing';
import { size } from '../support/runs.ts';

type Line = readonly [roundTripMs: number, megabits: number, bytes: number];

/** The header of a message in a record. */
const headerBytes = 4;
const megabit = 125_000;

/**
 * What part of a line messages of one size fill, towards each of the nodes that receive them, with
 * all options as they are by default.
 */
function shares(receivers: readonly number[], [roundTripMs, megabits, bytes]: Line): number[] {
  const bytesPerSecond = megabits * megabit;
  const net = simulate({ nodes: 2, latencyMs: roundTripMs / 2, bytesPerSecond, logMax: 10 });
  const channel = net.openChannels({ id: 1, codec: raw() });
  net.start();
  const received = new Map(receivers.map((node) => [node, 0]));
  const countOf = (node: number): number => received.get(node) ?? 0;
  const message = new Uint8Array(bytes);
  function* endless(to: NodeId) {
    for (;;) yield { to, message };
  }
  const sending = receivers.map((node) => {
    channel(node).in$.subscribe(() => received.set(node, countOf(node) + 1));
    const envelopes = flowFrom(endless(net.node(node).id));
    return envelopes.pipe(pipeTo(channel(1 - node))).subscribe();
  });
  net.advance(2_000);
  const before = receivers.map(countOf);
  // Long enough for more than fifty of the largest messages on the slowest line.
  const seconds = Math.max(0.5, (50 * bytes) / bytesPerSecond);
  net.advance(seconds * 1_000);
  const counts = receivers.map((node, at) => countOf(node) - (before[at] ?? 0));
  for (const each of sending) each.unsubscribe();
  net.stop();
  return counts.map((count) => (count * (bytes + headerBytes)) / (bytesPerSecond * seconds));
}

const all: readonly Line[] = [10, 30, 100].flatMap((megabits) =>
  [2, 5, 10, 15, 20, 30, 50, 80, 100].flatMap((roundTripMs) =>
    [64, 1_024, 65_536].map((bytes) => [roundTripMs, megabits, bytes] as const),
  ),
);
/** Lines that were not filled once: because of pings, or of credit. */
const some: readonly Line[] = [
  [15, 100, 64],
  [20, 10, 1_024],
  [2, 30, 64],
  [2, 10, 64],
];

describe('L-21 a line is filled by default', () => {
  it.each(size(all, some))(
    'of %i ms and %i Mbit/s, by messages of %i bytes',
    (roundTripMs, megabits, bytes) => {
      const [share] = shares([1], [roundTripMs, megabits, bytes]);
      expect(share).toBeGreaterThan(0.97);
    },
  );

  it('of 150 ms and 100 Mbit/s, two seconds after the first message', () => {
    const [share] = shares([1], [150, 100, 64]);
    expect(share).toBeGreaterThan(0.9);
  });

  it.each<Line>([
    [20, 10, 1_024],
    [20, 10, 65_536],
    [50, 10, 64],
    [50, 100, 1_024],
  ])(
    'of %i ms and %i Mbit/s, in both directions, by messages of %i bytes',
    (roundTripMs, megabits, bytes) => {
      const both = shares([0, 1], [roundTripMs, megabits, bytes]);
      expect(Math.min(...both)).toBeGreaterThan(0.9);
    },
  );
});
