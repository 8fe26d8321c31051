import { describe, expect, it } from '@jest/globals';
import { FrameReader } from '../../../bench/contestants/frames.ts';

/**
 * Frames of these lengths, each filled with its index, behind their lengths as protobuf writes
 * them.
 */
function framesOf(lengths: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  lengths.forEach((length, i) => {
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest, ...new Uint8Array(length).fill(i));
  });
  return Uint8Array.from(bytes);
}

/** What comes out of pieces: each frame's length, and the value that fills it. */
function read(pieces: readonly Uint8Array[]): readonly (readonly number[])[] {
  const found: number[][] = [];
  const reader = new FrameReader((bytes, start, end) => {
    found.push([end - start, ...new Set(bytes.subarray(start, end))]);
  });
  for (const piece of pieces) reader.read(piece);
  return found;
}

describe('FrameReader', () => {
  const lengths = [1, 64, 127, 128, 300, 0, 17_000, 2];
  const bytes = framesOf(lengths);
  const expected = lengths.map((length, i) => (length === 0 ? [0] : [length, i]));

  it('finds frames in one piece', () => {
    expect(read([bytes])).toEqual(expected);
  });

  it.each([1, 2, 3, 7, 64, 1000])('finds frames in pieces of %d bytes', (size) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    expect(read(pieces)).toEqual(expected);
  });

  it('waits for the rest of a frame', () => {
    expect(read([bytes.subarray(0, 40)])).toEqual([[1, 0]]);
  });
});
