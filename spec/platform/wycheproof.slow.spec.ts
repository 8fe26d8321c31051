import { describe, it } from '@jest/globals';
import { platformCrypto } from '../../lib/platform/crypto.web.ts';
import { expectEd25519Vectors, expectX25519Vectors } from '../support/wycheproof.ts';

describe("S-09 Wycheproof's vectors on web", () => {
  it('ed25519: 151 signatures, of which 88 are valid', () => expectEd25519Vectors(platformCrypto));

  it('X25519: 518 exchanges; those whose secret is zero throw', () =>
    expectX25519Vectors(platformCrypto));
});
