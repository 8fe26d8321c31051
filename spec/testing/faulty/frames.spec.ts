import { describe, expect, it } from '@jest/globals';
import {
  checkFrameFaults,
  FaultyFrames,
  type FrameFaults,
} from '../../../lib/testing/faulty/frames.ts';

/** Ten frames of 100 bytes, each of its number. */
const sent = Array.from({ length: 10 }, (_, n) => new Uint8Array(100).fill(n));

/** The frames that come out, and what was reported. */
function through(faults: FrameFaults, seed = 1) {
  const told: string[] = [];
  const stream = new FaultyFrames(faults, seed, (type, atBytes) => told.push(`${type} ${atBytes}`));
  const frames: Uint8Array[] = [];
  let ending: string | undefined;
  for (const frame of sent) {
    if (ending !== undefined) break;
    const passed = stream.pass(frame);
    frames.push(...passed.frames);
    ({ ending } = passed);
  }
  return { frames, sizes: frames.map(({ length }) => length), told, ending };
}

const hundreds = (count: number): number[] => Array.from({ length: count }, () => 100);

describe('the faults of frames', () => {
  it('passes every frame as it is, without any', () => {
    const { frames, told, ending } = through({});
    expect(frames).toEqual(sent);
    expect([told, ending]).toEqual([[], undefined]);
  });

  it.each([
    ['in the middle of a frame, which is lost', { cutAfterBytes: 250 }, 2, 'cut 250'],
    ['at the end of a frame', { cutAfterBytes: 300 }, 3, 'cut 300'],
    ['before the first byte', { cutAfterBytes: 0 }, 0, 'cut 0'],
    ['after a number of frames', { cutAfterFrames: 4 }, 4, 'cut 400'],
    ['before the first frame', { cutAfterFrames: 0 }, 0, 'cut 0'],
    ['at the first of two cuts', { cutAfterFrames: 4, cutAfterBytes: 150 }, 1, 'cut 150'],
  ])('cuts %s', (_, faults, count, told) => {
    expect(through(faults)).toMatchObject({ sizes: hundreds(count), told: [told], ending: 'cut' });
  });

  it('shortens the frame in which it truncates, and passes none behind it', () => {
    const { frames, sizes, told, ending } = through({ truncateAfterBytes: 230 });
    expect(sizes).toEqual([100, 100, 30]);
    expect(frames[2]).toEqual(sent[2]?.subarray(0, 30));
    expect([told, ending]).toEqual([['truncate 230'], 'truncate']);
  });

  it('truncates between two frames without a frame of no bytes', () => {
    expect(through({ truncateAfterBytes: 200 }).sizes).toEqual([100, 100]);
  });

  it('flips single bits, and leaves the sender its frame', () => {
    const { frames, told } = through({ flipEveryBytes: 100 });
    const all = frames.flatMap((frame) => [...frame]);
    const wrong = all.flatMap((byte, at) => (byte === sent[(at / 100) | 0]?.[0] ? [] : [at]));
    expect(wrong.map((at) => `flip ${at}`)).toEqual(told);
    expect(told.length).toBeGreaterThan(4);
    for (const at of wrong) {
      const bits = (all[at] ?? 0) ^ Math.floor(at / 100);
      expect(bits & (bits - 1)).toBe(0);
    }
    expect(sent.every((frame, n) => frame.every((byte) => byte === n))).toBe(true);
  });

  it('inserts frames of random bytes once, before the frame of that byte', () => {
    const { frames, sizes, told } = through({ flood: { afterBytes: 250, bytes: 100_000 } });
    expect(sizes).toEqual([100, 100, 65_536, 34_464, ...hundreds(8)]);
    expect(new Set(frames[2]).size).toBeGreaterThan(200);
    expect(frames.filter(({ length }) => length === 100)).toEqual(sent);
    expect(told).toEqual(['flood 250']);
  });

  it('draws from ranges: the same for the same seed, another for another', () => {
    const faults: FrameFaults = {
      cutAfterFrames: [2, 9],
      flipEveryBytes: 80,
      flood: { afterBytes: [0, 150], bytes: 10 },
    };
    expect(through(faults, 3)).toEqual(through(faults, 3));
    const told = [1, 2, 3, 4].map((seed) => through(faults, seed).told.join());
    expect(new Set(told).size).toBe(4);
  });

  it.each([
    [{ cutAfterBytes: -1 }, 'cutAfterBytes'],
    [{ cutAfterFrames: [9, 1] }, 'cutAfterFrames'],
    [{ truncateAfterBytes: 'soon' }, 'truncateAfterBytes'],
    [{ flipEveryBytes: 0 }, 'flipEveryBytes'],
    [{ flood: { bytes: 1 } }, 'flood'],
    [{ refuseDials: 2 }, 'refuseDials'],
    [{ fragmentBytesMax: 5 }, 'fragmentBytesMax'],
  ])('refuses %j, by name', (faults, name) => {
    expect(() => {
      checkFrameFaults(faults as FrameFaults);
    }).toThrow(name);
  });
});
