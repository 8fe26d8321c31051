import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305';
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { Aead } from './crypto.ts';
import { requireLength } from './crypto-input.ts';
import { takeFrame } from './frame-buffers.node.ts';

const NAME = 'chacha20-poly1305';
const TAG_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

/**
 * WebAssembly is faster for plaintexts shorter than this. OpenSSL is several times faster per byte,
 * but takes 5 to 10 µs to set up a cipher, and Node cannot reuse one.
 */
const OPENSSL_BYTES_MIN = 512;

/** Shared by all keys: each call passes its own, and runs synchronously. */
const wasm = new ChaCha20Poly1305(newInstance());

/** The shortest plaintext that is left to OpenSSL. */
const openSslBytesMin = hasCipher() ? OPENSSL_BYTES_MIN : Infinity;

/** Bun's crypto lacks the cipher, as does OpenSSL in FIPS 140 mode. */
function hasCipher(): boolean {
  try {
    createCipheriv(NAME, new Uint8Array(32), new Uint8Array(12), OPTIONS);
    return true;
  } catch {
    return false;
  }
}

/**
 * ChaCha20-Poly1305 by OpenSSL; by WebAssembly for short inputs, or if OpenSSL lacks the cipher.
 */
export function chacha20Poly1305(key: Uint8Array): Aead {
  requireLength('ChaCha20 key', key, 32);
  const ownKey = key.slice();
  const secret = createSecretKey(key);
  return {
    seal: (nonce, ...plaintext) => {
      requireLength('nonce', nonce, 12);
      let length = 0;
      for (const part of plaintext) length += part.length;
      const sealed = takeFrame(length + TAG_BYTES);
      if (length < openSslBytesMin) {
        return wasm.seal(ownKey, nonce, joined(plaintext, length), undefined, sealed);
      }
      const cipher = createCipheriv(NAME, secret, nonce, OPTIONS);
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
      if (length < openSslBytesMin) {
        // Its tag comparison stops at the first difference. That reveals nothing useful: a record
        // that fails to open ends its connection, and the next connection has other keys.
        const plaintext = wasm.open(ownKey, nonce, sealed);
        if (plaintext === null) throw new Error('the tag does not match');
        return plaintext;
      }
      const decipher = createDecipheriv(NAME, secret, nonce, OPTIONS);
      decipher.setAuthTag(sealed.subarray(length));
      const { buffer, byteOffset, byteLength } = decipher.update(sealed.subarray(0, length));
      decipher.final(); // throws unless the tag matches
      // A plain Uint8Array, because Buffer's `slice` and `toJSON` behave differently.
      return new Uint8Array(buffer, byteOffset, byteLength);
    },
  };
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const [first] = parts;
  if (first?.length === length) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
