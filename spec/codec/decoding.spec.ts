import { describe, expect, it } from '@jest/globals';
import type { Codec } from '../../lib/codec/codec.ts';
import { plainDecode } from '../../lib/codec/decoding.ts';
import { json } from '../../lib/codec/json.ts';
import { limited } from '../../lib/codec/limited.ts';
import { wrapped } from '../../lib/codec/wrapped.ts';
import { RxmeshError } from '../../lib/model/error.ts';

const torn = Uint8Array.of(0x7b);
const seven = Uint8Array.of(0x37);
const one = Uint8Array.of(0x31);

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('S-02 the plain form of a decode', () => {
  const mistake = new TypeError('a seven');
  const noSeven = (value: unknown): unknown => {
    if (value === 7) throw mistake;
    return value;
  };
  const codecs: Readonly<Record<string, Codec<unknown>>> = {
    json: json({ validate: noSeven }),
    wrapped: wrapped(json({ validate: noSeven }), { wrap: (x) => x, unwrap: (x) => x }),
    unwrapping: wrapped(json(), { wrap: (x) => x, unwrap: noSeven }),
    limited: limited(json({ validate: noSeven }), { messageBytesMax: 9 }),
  };

  it.each(Object.keys(codecs))(
    'of %s throws what it meets; decode makes an error of it',
    (name) => {
      const codec = codecs[name] ?? json();
      const plain = plainDecode(codec);
      expect(plain(one)).toBe(1);
      expect(thrownBy(() => plain(seven))).toBe(mistake);
      expect(thrownBy(() => plain(torn))).not.toBeInstanceOf(RxmeshError);
      const failed = { code: 'RXMESH_DECODE_FAILED' };
      expect(thrownBy(() => codec.decode(seven))).toMatchObject({ ...failed, cause: mistake });
      expect(thrownBy(() => codec.decode(torn))).toMatchObject(failed);
    },
  );

  it('of a codec from outside is its decode, also one that has ours beside it', () => {
    class Own implements Codec<number> {
      readonly #factor = 2;
      encode(): Uint8Array {
        return one;
      }
      decode(bytes: Uint8Array): number {
        return bytes.length * this.#factor;
      }
    }
    expect(plainDecode(new Own())(torn)).toBe(2);
    const changed = { ...json<number>(), decode: (bytes: Uint8Array) => bytes.length };
    expect(plainDecode(changed)(torn)).toBe(1);
  });
});
