import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { framed, FrameReader, refusalOf } from '../../../transports/libp2p/frames.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** All frames in these pieces. */
function read(reader: FrameReader, ...pieces: readonly Uint8Array[]): unknown[] {
  const found: unknown[] = [];
  for (const piece of pieces) {
    reader.push(piece);
    for (let next = reader.next(); next !== undefined; next = reader.next()) found.push(next);
  }
  return found;
}

describe('frames on a stream', () => {
  it('begin with their length, big-endian', () => {
    expect(framed(bytes(7, 8))).toEqual(bytes(0, 0, 0, 2, 7, 8));
    expect(framed(bytes())).toEqual(bytes(0, 0, 0, 0));
  });

  it('say with the first bit that they are the reason for a refusal', () => {
    expect(refusalOf('no')).toEqual(bytes(0x80, 0, 0, 2, 110, 111));
    expect(read(new FrameReader(10), refusalOf('no\n'))).toEqual([{ refusal: 'no?' }]);
  });

  it('are views of the piece that they came in', () => {
    const piece = framed(bytes(1, 2, 3));
    const [arrived] = read(new FrameReader(3), piece) as [{ frame: Uint8Array }];
    expect(arrived.frame).toEqual(bytes(1, 2, 3));
    expect(arrived.frame.buffer).toBe(piece.buffer);
  });

  it('are plain arrays, even if the piece is a Buffer', () => {
    const [arrived] = read(new FrameReader(3), Buffer.from(framed(bytes(1)))) as [
      { frame: Uint8Array },
    ];
    expect(Object.getPrototypeOf(arrived.frame)).toBe(Uint8Array.prototype);
  });

  it('are put together, whatever the pieces', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.integer({ min: 1, max: 50 }), (sent, size) => {
        const stream = Buffer.concat(sent.map(framed));
        const pieces = [];
        for (let at = 0; at < stream.length; at += size)
          pieces.push(stream.subarray(at, at + size));
        const reader = new FrameReader(40);
        expect(read(reader, ...pieces)).toEqual(sent.map((frame) => ({ frame })));
        expect(reader.isAtEnd).toBe(true);
      }),
    );
  });

  it('are not at their end within a head, or within a frame', () => {
    const reader = new FrameReader(10);
    read(reader, bytes(0, 0));
    expect(reader.isAtEnd).toBe(false);
    read(reader, bytes(0, 2, 1));
    expect(reader.isAtEnd).toBe(false);
    expect(read(reader, bytes(1))).toEqual([{ frame: bytes(1, 1) }]);
    expect(reader.isAtEnd).toBe(true);
  });

  it.each([
    { name: 'a frame', piece: bytes(0, 0, 0, 4), text: 'a frame of 4 bytes, where 3 are the most' },
    {
      name: 'a reason',
      piece: bytes(0x80, 0, 0, 101),
      text: 'a frame of 101 bytes, where 100 are the most',
    },
  ])('are rejected by their length: $name', ({ piece, text }) => {
    const reader = new FrameReader(3);
    reader.push(piece);
    expect(() => reader.next()).toThrow(
      expect.objectContaining({ code: 'RXMESH_PROTOCOL_VIOLATION', message: text }),
    );
  });
});
