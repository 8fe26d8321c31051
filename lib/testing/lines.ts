import { mustBe } from '../model/described.ts';

/**
 * One-way latency in milliseconds, for each frame: a number, a range (whole milliseconds, each
 * equally likely), or a function of the line's ends, by number. `random` is the simulation's, so a
 * function can draw from any distribution, and the same seed still gives the same run. A frame
 * never overtakes the one before it.
 *
 *     simulate({ nodes: 3, latencyMs: 20 });
 *     simulate({ nodes: 3, latencyMs: [20, 40] });
 *     simulate({ nodes: 3, latencyMs: (from, to, random) => 20 - 10 * Math.log(1 - random()) });
 */
export type Latency =
  | number
  | readonly [min: number, max: number]
  | ((from: number, to: number, random: () => number) => number);

/**
 * How many bytes a line carries per second, in each direction: a number, or a function of the
 * line's ends, by number. All channels of a link share it.
 *
 *     simulate({ nodes: 3, bytesPerSecond: 125_000 });
 *     // node 0 has a slow uplink
 *     simulate({ nodes: 3, bytesPerSecond: (from) => (from === 0 ? 10_000 : 1_000_000) });
 */
export type Bandwidth = number | ((from: number, to: number) => number);

/** The ends of a line, by number. */
export type Line = readonly [from: number, to: number];

/** The latency of one frame. The line is looked up only if it matters. */
export function latencyOf(latency: Latency, random: () => number, line: () => Line): number {
  if (typeof latency === 'number') return latency;
  if (typeof latency === 'function') return latency(...line(), random);
  const [min, max] = latency;
  return min + Math.floor(random() * (max - min + 1));
}

/** @throws {RangeError} for a latency that is neither a time, a range nor a function */
export function checkLatency(latency: Latency): void {
  if (typeof latency === 'function') return;
  const [min, max] = typeof latency === 'number' ? [latency, latency] : latency;
  if (min >= 0 && max >= min && max < Infinity) return;
  const what = 'a finite number of 0 or more, or a range of two, the lower one first';
  throw new RangeError(mustBe('latencyMs', what, latency));
}

/** How much a line carries, in bytes per second. */
export function bandwidthOf(bandwidth: Bandwidth, line: () => Line): number {
  return typeof bandwidth === 'number' ? bandwidth : bandwidth(...line());
}

/** @throws {RangeError} for a bandwidth that is not above 0 */
export function checkBandwidth(bandwidth: Bandwidth): void {
  if (typeof bandwidth === 'function' || bandwidth > 0) return;
  throw new RangeError(mustBe('bytesPerSecond', 'a number above 0', bandwidth));
}
