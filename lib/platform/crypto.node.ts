import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { Aead, PlatformCrypto } from './crypto.ts';
import { isPlausiblePublicKey, requireHkdfBounds, requireLength } from './crypto-input.ts';
import { takeFrame } from './frame-buffers.node.ts';

/** Each curve's name in a JWK, and a DER private key but for the 32 bytes at its end (RFC 8410 §7). */
const CURVES = {
  ed25519: { jwk: 'Ed25519', der: Buffer.from('302e020100300506032b657004220420', 'hex') },
  x25519: { jwk: 'X25519', der: Buffer.from('302e020100300506032b656e04220420', 'hex') },
};
type Curve = keyof typeof CURVES;

const NO_SALT = new Uint8Array(0);
const CHACHA = 'chacha20-poly1305';
const TAG = { authTagLength: 16 };

/** The same memory without Buffer's methods, whose `slice` and `toJSON` differ from Uint8Array's. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function privateKey(curve: Curve, key: Uint8Array): KeyObject {
  requireLength(`${curve} private key`, key, 32);
  const der = Buffer.concat([CURVES[curve].der, key]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** As a JWK (RFC 8037 §2), which OpenSSL takes ten times as fast as DER. */
function publicKey(curve: Curve, key: Uint8Array): KeyObject {
  requireLength(`${curve} public key`, key, 32);
  const x = Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: CURVES[curve].jwk, x }, format: 'jwk' });
}

/** The 32 bytes of the public half: the end of its DER encoding (RFC 8410 §4). */
function publicHalf(key: KeyObject): Uint8Array {
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return plain(der).slice(-32);
}

function ed25519Verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isPlausiblePublicKey(key)) return false;
  return verify(null, message, publicKey('ed25519', key), signature);
}

function chacha20Poly1305(key: Uint8Array): Aead {
  requireLength('ChaCha20 key', key, 32);
  const secret = createSecretKey(key);
  return {
    seal: (nonce, ...plaintext) => {
      requireLength('nonce', nonce, 12);
      const cipher = createCipheriv(CHACHA, secret, nonce, TAG);
      let length = 0;
      for (const part of plaintext) length += part.length;
      const sealed = takeFrame(length + 16);
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
      if (sealed.length < 16) throw new RangeError('sealed bytes are shorter than their tag');
      const decipher = createDecipheriv(CHACHA, secret, nonce, TAG);
      decipher.setAuthTag(sealed.subarray(-16));
      const plaintext = decipher.update(sealed.subarray(0, -16));
      decipher.final(); // throws unless the tag matches
      return plain(plaintext);
    },
  };
}

/** Node's crypto, which is OpenSSL. Keys are parsed once and kept as KeyObjects. */
export const platformCrypto: PlatformCrypto = {
  randomBytes: (length) => plain(randomBytes(length)),
  sha256: (bytes) => plain(createHash('sha256').update(bytes).digest()),
  hkdfSha256: (secret, info, length) => {
    requireHkdfBounds(info, length);
    return new Uint8Array(hkdfSync('sha256', secret, NO_SALT, info, length));
  },
  ed25519PublicKey: (seed) => publicHalf(privateKey('ed25519', seed)),
  ed25519Signer: (seed) => {
    const key = privateKey('ed25519', seed);
    return (message) => plain(sign(null, message, key));
  },
  ed25519Verify,
  x25519PublicKey: (key) => publicHalf(privateKey('x25519', key)),
  x25519: (key, peerKey) =>
    // OpenSSL fails by itself when the secret is all zero (RFC 7748 §6.1).
    plain(
      diffieHellman({
        privateKey: privateKey('x25519', key),
        publicKey: publicKey('x25519', peerKey),
      }),
    ),
  chacha20Poly1305,
};
