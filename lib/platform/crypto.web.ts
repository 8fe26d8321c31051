import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { getPublicKey, hashes, Point, sign } from '@noble/ed25519';
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, randomBytes } from '@noble/hashes/utils.js';
import type { Aead, PlatformCrypto, X25519Key } from './crypto.ts';
import {
  isPlausiblePublicKey,
  isPlausibleSignature,
  littleEndian,
  requireHkdfBounds,
  requireLength,
} from './crypto-input.ts';
import { x25519 } from './x25519.web.ts';

// @noble/ed25519 has no hash of its own, and would fall back to WebCrypto's, which is asynchronous.
hashes.sha512 = sha512;

/** The order of the base point (RFC 8032 §5.1). */
const ORDER = Point.CURVE().n;

/**
 * Verifies by RFC 8032 §5.1.7 without the cofactor, comparing R as bytes, as OpenSSL does. noble's
 * own `verify` multiplies by the cofactor, so it accepts signatures that Node rejects.
 */
function ed25519Verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isPlausibleSignature(signature) || !isPlausiblePublicKey(key)) return false;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= ORDER) return false;
  const a = pointOf(key);
  if (a === undefined) return false;
  const challenge = sha512.create().update(r).update(key).update(message).digest();
  const k = littleEndian(challenge) % ORDER;
  // Nothing here is secret, so the faster, variable-time multiplication is fine.
  const expected = Point.BASE.multiply(s, false).subtract(a.multiply(k, false)).toBytes();
  return expected.every((byte, i) => byte === r[i]);
}

/** Decodes a point; undefined if no point on the curve has this y. */
function pointOf(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    return undefined;
  }
}

function chacha20Poly1305(key: Uint8Array): Aead {
  requireLength('ChaCha20 key', key, 32);
  const secret = key.slice();
  return {
    seal: (nonce, ...plaintext) => {
      requireLength('nonce', nonce, 12);
      const [first = concatBytes(), ...more] = plaintext;
      const whole = more.length === 0 ? first : concatBytes(first, ...more);
      return chacha20poly1305(secret, nonce).encrypt(whole);
    },
    open: (nonce, sealed) => {
      requireLength('nonce', nonce, 12);
      if (sealed.length < 16) throw new RangeError('sealed bytes are shorter than their tag');
      return chacha20poly1305(secret, nonce).decrypt(sealed);
    },
  };
}

function x25519Key(key: Uint8Array): X25519Key {
  requireLength('x25519 private key', key, 32);
  const secret = key.slice();
  return {
    publicKey: x25519.getPublicKey(secret),
    sharedSecret: (peerKey) => {
      requireLength('x25519 public key', peerKey, 32);
      return x25519.getSharedSecret(secret, peerKey); // throws for points of low order
    },
  };
}

/** The noble libraries, in plain JavaScript: for browsers, whose own crypto is asynchronous. */
export const platformCrypto: PlatformCrypto = {
  needs: [{ what: 'crypto.getRandomValues', works: () => randomBytes(32).length === 32 }],
  randomBytes: (length) => randomBytes(length),
  sha256: (bytes) => sha256(bytes),
  hkdfSha256: (secret, info, length) => {
    requireHkdfBounds(info, length);
    return hkdf(sha256, secret, undefined, info, length);
  },
  ed25519PublicKey: (seed) => {
    requireLength('ed25519 private key', seed, 32);
    return getPublicKey(seed);
  },
  ed25519Signer: (seed) => {
    requireLength('ed25519 private key', seed, 32);
    const secret = seed.slice();
    return (message) => sign(message, secret);
  },
  ed25519Verify,
  x25519: x25519Key,
  freshX25519: () => x25519Key(randomBytes(32)),
  chacha20Poly1305,
  // Browsers have it, but asynchronously; in JavaScript it is the slower one.
  fastAes256Gcm: () => undefined,
};
