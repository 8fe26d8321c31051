import { describe, expect, it } from '@jest/globals';
import type { PlatformCrypto } from '../../lib/platform/crypto.ts';
import { platformCrypto as node } from '../../lib/platform/crypto.node.ts';
import { platformCrypto as web } from '../../lib/platform/crypto.web.ts';
import {
  expectEd25519Vectors,
  expectX25519Vectors,
  hex,
  outcome,
  vectorsIn,
} from '../support/wycheproof.ts';

const platforms: readonly (readonly [string, PlatformCrypto])[] = [
  ['node', node],
  ['web', web],
];

const sealed = vectorsIn<'key' | 'iv' | 'msg' | 'ct' | 'tag'>('wycheproof-chacha20-poly1305');

describe.each(platforms)("S-09 Wycheproof's vectors on %s", (name, crypto) => {
  // web: wycheproof.slow.spec.ts
  if (name === 'node') {
    it('ed25519: 151 signatures, of which 88 are valid', () => expectEd25519Vectors(crypto));

    it('X25519: 518 exchanges; those whose secret is zero throw', () =>
      expectX25519Vectors(crypto));
  }

  it('ChaCha20-Poly1305: what is valid opens to its text and seals to its bytes, all else is refused', () => {
    for (const { key, iv, msg, ct, tag, result, ...about } of sealed) {
      const open = () => crypto.chacha20Poly1305(hex(key)).open(hex(iv), hex(ct + tag));
      const seal = () => crypto.chacha20Poly1305(hex(key)).seal(hex(iv), hex(msg));
      const isValid = result === 'valid';
      expect({ ...about, opened: outcome(open) }).toEqual({
        ...about,
        opened: isValid ? msg : 'throws',
      });
      if (isValid)
        expect({ ...about, sealed: outcome(seal) }).toEqual({ ...about, sealed: ct + tag });
    }
    expect(sealed).toHaveLength(54);
  });
});
