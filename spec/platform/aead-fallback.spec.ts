import * as nodeCrypto from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { platformCrypto as web } from '../../lib/platform/crypto.web.ts';

// As Bun's crypto, and an OpenSSL that is held to FIPS 140.
jest.unstable_mockModule('node:crypto', () => ({
  ...nodeCrypto,
  createCipheriv: () => {
    throw new Error('Unknown cipher');
  },
  createDecipheriv: () => {
    throw new Error('Unknown cipher');
  },
}));
const { chacha20Poly1305 } = await import('../../lib/platform/aead.node.ts');
const { assertPlatform } = await import('../../lib/model/assert-platform.ts');

describe('L-35 a runtime whose crypto has no ChaCha20-Poly1305', () => {
  const key = new Uint8Array(32).map((_, i) => i);
  const nonce = new Uint8Array(12).map((_, i) => 7 * i);

  it.each([0, 1, 511, 512, 16_384, 65_536, 131_072])('seals and opens %d bytes', (length) => {
    const plaintext = new Uint8Array(length).map((_, i) => i * 31);
    const [ours, others] = [chacha20Poly1305(key), web.chacha20Poly1305(key)];
    const sealed = ours.seal(nonce, plaintext.subarray(0, 100), plaintext.subarray(100));
    expect(Buffer.compare(sealed, others.seal(nonce, plaintext))).toBe(0);
    expect(Buffer.compare(ours.open(nonce, sealed), plaintext)).toBe(0);
    sealed[length] = (sealed[length] ?? 0) ^ 1;
    expect(() => ours.open(nonce, sealed)).toThrow();
  });

  it('is good enough', () => {
    expect(() => assertPlatform()).not.toThrow();
  });
});
