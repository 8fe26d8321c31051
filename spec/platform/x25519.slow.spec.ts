import { describe, expect, it } from '@jest/globals';
import { x25519 as readyMade } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { x25519 } from '../../lib/platform/x25519.web.ts';
import { runs } from '../support/runs.ts';

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('x25519 in browsers', () => {
  it('multiplies 9 by itself as RFC 7748 §5.2 says', () => {
    const nine = Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 9 : 0));
    expect(toHex(x25519.getSharedSecret(nine, nine))).toBe(
      '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079',
    );
  });

  it('makes the public keys and secrets that the ready-made one makes, on the curve and on its twist', () => {
    fc.assert(
      fc.property(bytes, bytes, (key, u) => {
        expect(x25519.getPublicKey(key)).toEqual(readyMade.getPublicKey(key));
        expect(x25519.getSharedSecret(key, u)).toEqual(readyMade.getSharedSecret(key, u));
      }),
      { numRuns: runs(30) },
    );
  });

  it('changes no key that it is given', () => {
    const key = new Uint8Array(32).fill(0xff);
    x25519.getPublicKey(key);
    expect(key).toEqual(new Uint8Array(32).fill(0xff));
  });

  it('refuses a point of low order', () => {
    const order8 = fromHex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800');
    expect(() => x25519.getSharedSecret(new Uint8Array(32), order8 ?? new Uint8Array())).toThrow(
      'invalid private or public key',
    );
  });
});
