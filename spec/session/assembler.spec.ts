import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Assembler } from '../../lib/session/assembler.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('Assembler', () => {
  it('joins the pieces of a message', () => {
    const assembler = new Assembler();
    expect(assembler.add(bytes(1, 2), false, 10)).toBeUndefined();
    expect(assembler.open).toBe(true);
    expect(assembler.add(bytes(3), false, 10)).toBeUndefined();
    expect(assembler.add(bytes(), true, 10)).toEqual(bytes(1, 2, 3));
    expect(assembler.open).toBe(false);
  });

  it('copies: a piece may be overwritten afterwards', () => {
    const assembler = new Assembler();
    const piece = bytes(1, 2);
    assembler.add(piece, false, 10);
    piece.fill(9);
    expect(assembler.add(bytes(3), true, 10)).toEqual(bytes(1, 2, 3));
  });

  it('gives each message its own buffer, at most twice its size', () => {
    const assembler = new Assembler();
    assembler.add(bytes(1), false, 1 << 20);
    const first = assembler.add(bytes(2), true, 1 << 20);
    assembler.add(bytes(3), false, 1 << 20);
    const second = assembler.add(bytes(4), true, 1 << 20);
    expect(first).toEqual(bytes(1, 2));
    expect(second).toEqual(bytes(3, 4));
    const { buffer, length } = first as Uint8Array;
    expect(buffer.byteLength).toBeLessThanOrEqual(2 * length);
  });

  it('accepts a message exactly at the limit', () => {
    const assembler = new Assembler();
    assembler.add(bytes(1, 2), false, 3);
    expect(assembler.add(bytes(3), true, 3)).toEqual(bytes(1, 2, 3));
  });

  it('skips a message over the limit, says so when it ends, and accepts the next', () => {
    const assembler = new Assembler();
    assembler.add(bytes(1, 2), false, 3);
    expect(assembler.add(bytes(3, 4), false, 3)).toBeUndefined();
    expect([assembler.open, assembler.messages, assembler.bytes]).toEqual([true, 0, 0]);
    expect(assembler.add(bytes(5), false, 3)).toBeUndefined();
    expect(assembler.add(bytes(6), true, 3)).toBe('too-large');
    expect(assembler.open).toBe(false);
    expect(assembler.add(bytes(7), true, 3)).toEqual(bytes(7));
  });

  it('accepts the next message after one whose last piece exceeded the limit', () => {
    const assembler = new Assembler();
    expect(assembler.add(bytes(1, 2, 3, 4), true, 3)).toBe('too-large');
    expect(assembler.add(bytes(7), true, 3)).toEqual(bytes(7));
  });

  it('skips a message in progress when the channel closes, and says so when it ends', () => {
    const assembler = new Assembler();
    assembler.cut();
    assembler.add(bytes(1), false, 3);
    assembler.cut();
    assembler.cut();
    expect([assembler.messages, assembler.bytes]).toEqual([0, 0]);
    expect(assembler.add(bytes(2), true, 3)).toBe('channel-closed');
    expect(assembler.add(bytes(3), true, 3)).toEqual(bytes(3));
  });

  it('skips a message that starts while the channel is closed, even if it opens meanwhile', () => {
    const assembler = new Assembler();
    expect(assembler.add(bytes(1), false, undefined)).toBeUndefined();
    expect(assembler.add(bytes(2), true, 3)).toBe('channel-closed');
    expect(assembler.add(bytes(), true, undefined)).toBe('channel-closed');
    expect(assembler.add(bytes(3), true, 3)).toEqual(bytes(3));
  });

  it('counts an oversized message once, as too large', () => {
    const assembler = new Assembler();
    assembler.add(bytes(1, 2), false, 1);
    assembler.cut();
    expect(assembler.add(bytes(3), true, 1)).toBe('too-large');
  });

  it('retains at most an eighth beyond a message, whatever lengths a peer chooses', () => {
    const assembler = new Assembler();
    let held = 0;
    let bytes = 0;
    for (let size = 33_000; bytes < 4 * 1024 * 1024; size += 1) {
      assembler.add(new Uint8Array(size - 1), false, 4 * 1024 * 1024);
      const whole = assembler.add(new Uint8Array(1), true, 4 * 1024 * 1024) as Uint8Array;
      expect(whole).toHaveLength(size);
      held += whole.buffer.byteLength;
      bytes += size;
    }
    expect(held).toBeLessThanOrEqual(bytes * (8 / 7));
  });

  it('returns any message however it is cut, or `too-large`', () => {
    const message = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 10 }), (messages) => {
        const assembler = new Assembler();
        for (const pieces of messages) {
          const answers = pieces.map((piece, at) =>
            assembler.add(piece, at === pieces.length - 1, 100),
          );
          const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
          const expected = whole.length > 100 ? 'too-large' : whole;
          expect(answers.filter((answer) => answer !== undefined)).toEqual([expected]);
        }
      }),
    );
  });
});
