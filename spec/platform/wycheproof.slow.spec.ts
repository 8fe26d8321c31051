import { describe, it } from '@jest/globals';
import { platformCrypto } from '../../lib/platform/crypto.web.ts';
import { expectX25519Vectors } from '../support/wycheproof.ts';

describe("S-09 Wycheproof's vectors on web", () => {
  it('X25519: 518 exchanges; those whose secret is zero throw', () =>
    expectX25519Vectors(platformCrypto));
});
