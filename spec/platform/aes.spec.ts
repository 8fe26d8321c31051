import { describe, expect, it } from '@jest/globals';
import { gcm } from '@noble/ciphers/aes.js';
import fc from 'fast-check';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { platformCrypto as node } from '../../lib/platform/crypto.node.ts';
import { platformCrypto as web } from '../../lib/platform/crypto.web.ts';
import { openSslAead } from '../../lib/platform/openssl-aead.node.ts';

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array();
const aes = (key: Uint8Array) => openSslAead('aes-256-gcm', key);
const [key, nonce] = [new Uint8Array(32).fill(7), new Uint8Array(12).fill(9)];

describe('AES-256-GCM on Node', () => {
  it("seals as test case 15 of GCM's specification (McGrew and Viega 2005) says", () => {
    const secret = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
    const iv = hex('cafebabefacedbaddecaf888');
    const plaintext = hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72' +
        '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
    );
    const sealed =
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa' +
      '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad' +
      'b094dac5d93471bdec1a502270e3cc6c';
    expect(toHex(aes(secret).seal(iv, plaintext))).toBe(sealed);
    expect(aes(secret).open(iv, hex(sealed))).toEqual(plaintext);
  });

  it('agrees with a second implementation, whole or in parts', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(
        bytes(32),
        bytes(12),
        fc.array(fc.uint8Array({ maxLength: 300 })),
        (secret, iv, parts) => {
          const sealed = aes(secret).seal(iv, ...parts);
          const whole = Uint8Array.from(parts.flatMap((part) => [...part]));
          expect(sealed).toEqual(gcm(secret, iv).encrypt(whole));
          expect(aes(secret).open(iv, sealed)).toEqual(whole);
        },
      ),
    );
  });

  it('opens nothing that was changed or cut, and takes no wrong lengths', () => {
    const sealed = aes(key).seal(nonce, new Uint8Array(2_000));
    for (const at of [0, 1_999, 2_000, 2_015]) {
      const changed = sealed.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(() => aes(key).open(nonce, changed)).toThrow();
    }
    expect(() => aes(key).open(nonce, sealed.subarray(0, -1))).toThrow();
    expect(() => aes(key).open(nonce, sealed.subarray(0, 15))).toThrow(RangeError);
    expect(() => aes(key).seal(nonce.subarray(1), sealed)).toThrow(RangeError);
    expect(() => aes(key.subarray(1))).toThrow(RangeError);
  });

  it('is offered where it is faster, always or never, and never in browsers', () => {
    const offered = node.fastAes256Gcm();
    expect(node.fastAes256Gcm()).toBe(offered);
    const sealed = toHex(aes(key).seal(nonce, key));
    expect([undefined, sealed]).toContain(offered && toHex(offered(key).seal(nonce, key)));
    expect(web.fastAes256Gcm()).toBeUndefined();
  });
});
