import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { Aead } from './crypto.ts';
import { requireLength } from './crypto-input.ts';
import { takeFrame } from './frame-buffers.node.ts';

const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

/** What OpenSSL has of it: both take a key of 32 bytes, a nonce of 12, and add a tag of 16. */
export type OpenSslName = 'chacha20-poly1305' | 'aes-256-gcm';

/** Whether OpenSSL has the cipher: Bun's crypto and OpenSSL in FIPS 140 mode lack ChaCha20. */
export function hasOpenSsl(name: OpenSslName): boolean {
  try {
    createCipheriv(name as 'aes-256-gcm', new Uint8Array(32), new Uint8Array(12), OPTIONS);
    return true;
  } catch {
    return false;
  }
}

/** A cipher of OpenSSL. Setting it up takes 5 to 10 µs a record, since Node cannot reuse one. */
export function openSslAead(cipherName: OpenSslName, key: Uint8Array): Aead {
  // The types know it as a cipher with associated data; the names differ for each.
  const name = cipherName as 'aes-256-gcm';
  requireLength(`${cipherName} key`, key, 32);
  const secret = createSecretKey(key);
  return {
    seal: (nonce, ...plaintext) => {
      requireLength('nonce', nonce, 12);
      let length = 0;
      for (const part of plaintext) length += part.length;
      const sealed = takeFrame(length + TAG_BYTES);
      const cipher = createCipheriv(name, secret, nonce, OPTIONS);
      let at = 0;
      for (const part of plaintext) {
        sealed.set(cipher.update(part), at);
        at += part.length;
      }
      cipher.final();
      sealed.set(cipher.getAuthTag(), at);
      return sealed;
    },
    open: (nonce, sealed) => {
      requireLength('nonce', nonce, 12);
      const length = sealed.length - TAG_BYTES;
      if (length < 0) throw new RangeError('sealed bytes are shorter than their tag');
      const decipher = createDecipheriv(name, secret, nonce, OPTIONS);
      decipher.setAuthTag(sealed.subarray(length));
      const { buffer, byteOffset, byteLength } = decipher.update(sealed.subarray(0, length));
      decipher.final(); // throws unless the tag matches
      // A plain Uint8Array, because Buffer's `slice` and `toJSON` behave differently.
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}
