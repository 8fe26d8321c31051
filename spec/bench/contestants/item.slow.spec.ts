import { describe, expect, it } from '@jest/globals';
import { bodyFor, decode, encode, seqIn, Template } from '../../../bench/contestants/item.ts';

describe('an item', () => {
  it.each([64, 1024, 65_536, 524_288])('has %d bytes, whatever its number', (bytes) => {
    const body = bodyFor(bytes);
    expect(encode({ seq: 0, body })).toHaveLength(bytes);
    expect(encode({ seq: 2 ** 32 - 1, body })).toHaveLength(bytes);
  });

  it('can have no length between two lengths of a prefix', () => {
    expect(() => bodyFor(135)).toThrow(RangeError);
  });
});

describe('a Template', () => {
  const template = new Template(64);

  it('is what encoding gives, with the number of the message', () => {
    const body = bodyFor(64);
    for (const seq of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
      expect(Buffer.from(encode({ seq, body })).equals(template.item(seq))).toBe(true);
      expect(decode(template.item(seq)).seq).toBe(seq);
    }
  });

  it('writes frames, whose number can be read in its place', () => {
    const into = Buffer.alloc(200);
    template.write(3_000_000_000, into, 10);
    expect(into[10]).toBe(64);
    expect(seqIn(into, 11)).toBe(3_000_000_000);
  });
});
