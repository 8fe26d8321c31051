import { describe, expect, it } from '@jest/globals';
import { flowFrom, raw } from 'rxmesh';
import { pipeTo } from 'rxmesh/operators';
import { simulate } from 'rxmesh/testing';
import { size } from '../support/runs.ts';

/** The header of a message in a record. */
const headerBytes = 4;
const megabit = 125_000;

/** What part of a line messages of one size fill, with all options as they are by default. */
function share(roundTripMs: number, megabits: number, bytes: number): number {
  const bytesPerSecond = megabits * megabit;
  const net = simulate({ nodes: 2, latencyMs: roundTripMs / 2, bytesPerSecond, logMax: 10 });
  const channel = net.openChannels({ id: 1, codec: raw() });
  net.start();
  let received = 0;
  channel(1).in$.subscribe(() => (received += 1));
  const envelope = { to: net.node(1).id, message: new Uint8Array(bytes) };
  function* endless() {
    for (;;) yield envelope;
  }
  const sending = flowFrom(endless())
    .pipe(pipeTo(channel(0)))
    .subscribe();
  net.advance(2_000);
  const before = received;
  // Long enough for more than fifty of the largest messages on the slowest line.
  const seconds = Math.max(0.5, (50 * bytes) / bytesPerSecond);
  net.advance(seconds * 1_000);
  sending.unsubscribe();
  net.stop();
  return ((received - before) * (bytes + headerBytes)) / (bytesPerSecond * seconds);
}

type Line = readonly [roundTripMs: number, megabits: number, bytes: number];

const all: readonly Line[] = [10, 30, 100].flatMap((megabits) =>
  [2, 5, 10, 15, 20, 30, 50, 80, 100].flatMap((roundTripMs) =>
    [64, 1_024, 65_536].map((bytes) => [roundTripMs, megabits, bytes] as const),
  ),
);
/** Where records that are a little too short, or credit for two round trips, do not suffice. */
const some: readonly Line[] = [
  [15, 100, 64],
  [20, 10, 1_024],
  [2, 30, 64],
];

describe('L-21 a line is filled by default', () => {
  it.each(size<readonly Line[]>(all, some))(
    'of %i ms and %i Mbit/s, by messages of %i bytes',
    (roundTripMs, megabits, bytes) => {
      expect(share(roundTripMs, megabits, bytes)).toBeGreaterThan(0.97);
    },
  );

  it('of 150 ms and 100 Mbit/s, two seconds after the first message', () => {
    expect(share(150, 100, 64)).toBeGreaterThan(0.9);
  });
});
