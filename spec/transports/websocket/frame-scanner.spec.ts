import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameScanner } from '../../../transports/websocket/frame-scanner.ts';

/** A frame of a client, masked with zeros (RFC 6455, 5.2). */
function frame(firstByte: number, length: number, masked = true): number[] {
  const mask = masked ? 0x80 : 0;
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const extended =
    short < 126
      ? []
      : [...Buffer.alloc(short === 126 ? 2 : 8).fill(0)].map((_, index, { length: bytes }) =>
          index < bytes - 4 ? 0 : (length >>> (8 * (bytes - 1 - index))) & 0xff,
        );
  return [
    firstByte,
    mask | short,
    ...extended,
    ...(masked ? [0, 0, 0, 0] : []),
    ...Array<number>(length).fill(0x82),
  ];
}

const binary = 0x82;
const piece = 0x02;
const lastPiece = 0x80;
const close = 0x88;
const ping = 0x89;
const pong = 0x8a;

/** Where the cuts are, in one read, with so many frames between two of them. */
function cuts(bytes: readonly number[], framesMax: number, scanner = new FrameScanner()): number[] {
  const read = Uint8Array.from(bytes);
  const found: number[] = [];
  for (let at = 0; at < read.length; at = found.at(-1) ?? 0) {
    found.push(scanner.scan(read, at, framesMax));
  }
  return found;
}

describe('FrameScanner', () => {
  it.each([
    ['one by one', 1, [7, 14, 21, 28, 35]],
    ['two at a time', 2, [14, 28, 35]],
    ['all', 5, [35]],
    ['more than there are', 6, [35]],
  ])('S-01 cuts a read between frames: %s', (_, framesMax, expected) => {
    const frames = Array.from({ length: 5 }, () => frame(binary, 1)).flat();
    expect(cuts(frames, framesMax)).toEqual(expected);
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])('knows a length of %i bytes', (length) => {
    for (const masked of [false, true]) {
      const one = frame(binary, length, masked);
      expect(cuts([...one, ...frame(pong, 0, masked)], 1)).toEqual([
        one.length,
        one.length + (masked ? 6 : 2),
      ]);
    }
  });

  it('S-05 counts pings and pongs, and nothing behind a close frame', () => {
    const scanner = new FrameScanner();
    const frames = [ping, binary, pong, lastPiece].flatMap((first) => frame(first, 3));
    cuts(frames, 10, scanner);
    expect([scanner.frames, scanner.controls, scanner.isClosed]).toEqual([4, 2, false]);
    cuts([...frame(close, 2), ...frame(ping, 0)], 10, scanner);
    expect([scanner.controls, scanner.isClosed]).toEqual([2, true]);
  });

  it.each([1, 2, 5, 6, 7])('waits for the end of a close frame of which %i bytes came', (first) => {
    const scanner = new FrameScanner();
    const bytes = frame(close, 2);
    expect(cuts(bytes.slice(0, first), 10, scanner)).toEqual([first]);
    expect(scanner.isClosed).toBe(false);
    const rest = [...bytes.slice(first), ...frame(ping, 0)];
    expect(cuts(rest, 10, scanner)).toEqual([rest.length]);
    expect([scanner.controls, scanner.isClosed]).toEqual([0, true]);
  });

  it('S-10 finds a piece of a message alone, also when it comes in two reads', () => {
    const scanner = new FrameScanner();
    const found: [number, boolean][] = [];
    const read = Uint8Array.from([
      ...frame(pong, 0),
      ...frame(piece, 2),
      ...frame(pong, 0),
      ...frame(piece, 4).slice(0, 8),
    ]);
    for (let at = 0; at < read.length;) {
      at = scanner.scan(read, at, 32);
      found.push([at, scanner.isPiece]);
    }
    const rest = Uint8Array.from([...frame(piece, 4).slice(8), ...frame(pong, 0)]);
    for (let at = 0; at < rest.length;) {
      at = scanner.scan(rest, at, 32);
      found.push([at, scanner.isPiece]);
    }
    expect(found).toEqual([
      [6, false],
      [14, true],
      [20, false],
      [28, true],
      [2, true],
      [8, false],
    ]);
  });

  it('finds the same frames however they are cut into reads', () => {
    const frames = fc.array(
      fc.tuple(
        fc.constantFrom(binary, ping, pong, piece, lastPiece),
        fc.constantFrom(0, 1, 5, 125, 126, 300),
      ),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(frames, fc.array(fc.nat(40), { maxLength: 30 }), (list, sizes) => {
        const bytes = Uint8Array.from(list.flatMap(([first, length]) => frame(first, length)));
        const scanner = new FrameScanner();
        let found = 0;
        for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
          const read = bytes.subarray(start, start + 1 + (sizes[turn] ?? 999));
          for (let at = 0; at < read.length; found += scanner.frames) {
            at = scanner.scan(read, at, 3);
          }
          start += read.length;
        }
        expect(found).toBe(list.length);
        const controls = list.filter(([first]) => first === ping || first === pong);
        expect(scanner.controls).toBe(controls.length);
      }),
    );
  });
});
