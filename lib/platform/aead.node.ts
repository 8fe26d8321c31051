import { ChaCha20Poly1305, newInstance } from '@chainsafe/as-chacha20poly1305';
import type { Aead } from './crypto.ts';
import { requireLength } from './crypto-input.ts';
import { takeFrame } from './frame-buffers.node.ts';
import { hasOpenSsl, openSslAead } from './openssl-aead.node.ts';

const TAG_BYTES = 16;

/**
 * WebAssembly is faster for plaintexts shorter than this. OpenSSL is several times faster per byte,
 * but takes 5 to 10 µs to set up a cipher.
 */
const OPENSSL_BYTES_MIN = 512;

/** Shared by all keys: each call passes its own, and runs synchronously. */
const wasm = new ChaCha20Poly1305(newInstance());

/** The shortest plaintext that is left to OpenSSL. */
const openSslBytesMin = hasOpenSsl('chacha20-poly1305') ? OPENSSL_BYTES_MIN : Infinity;

/**
 * ChaCha20-Poly1305 by OpenSSL; by WebAssembly for short inputs, or if OpenSSL lacks the cipher.
 */
export function chacha20Poly1305(key: Uint8Array): Aead {
  requireLength('ChaCha20 key', key, 32);
  const ownKey = key.slice();
  const openSsl = openSslAead('chacha20-poly1305', key);
  return {
    seal: (nonce, ...plaintext) => {
      let length = 0;
      for (const part of plaintext) length += part.length;
      if (length >= openSslBytesMin) return openSsl.seal(nonce, ...plaintext);
      requireLength('nonce', nonce, 12);
      const sealed = takeFrame(length + TAG_BYTES);
      return wasm.seal(ownKey, nonce, joined(plaintext, length), undefined, sealed);
    },
    open: (nonce, sealed) => {
      const length = sealed.length - TAG_BYTES;
      if (length >= openSslBytesMin) return openSsl.open(nonce, sealed);
      requireLength('nonce', nonce, 12);
      if (length < 0) throw new RangeError('sealed bytes are shorter than their tag');
      // Its tag comparison stops at the first difference. That reveals nothing useful: a record
      // that fails to open ends its connection, and the next connection has other keys.
      const plaintext = wasm.open(ownKey, nonce, sealed);
      if (plaintext === null) throw new Error('the tag does not match');
      return plaintext;
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
