import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { chacha20Poly1305 } from './aead.node.ts';
import type { PlatformCrypto } from './crypto.ts';
import { isPlausiblePublicKey, requireHkdfBounds, requireLength } from './crypto-input.ts';

/** Each curve's name in a JWK (RFC 8037 §2). */
const CURVES = { ed25519: 'Ed25519', x25519: 'X25519' };
type Curve = keyof typeof CURVES;

const NO_SALT = new Uint8Array(0);

/** The same memory without Buffer's methods, whose `slice` and `toJSON` differ from Uint8Array's. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function base64url({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64url');
}

/** As a JWK, which Node takes ten times as fast as DER. Node asks for an `x`, and makes its own of `d`. */
function privateKey(curve: Curve, key: Uint8Array): KeyObject {
  requireLength(`${curve} private key`, key, 32);
  const jwk = { kty: 'OKP', crv: CURVES[curve], d: base64url(key), x: '' };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function publicKey(curve: Curve, key: Uint8Array): KeyObject {
  requireLength(`${curve} public key`, key, 32);
  return createPublicKey({
    key: { kty: 'OKP', crv: CURVES[curve], x: base64url(key) },
    format: 'jwk',
  });
}

/** The 32 bytes of the public half. */
function publicHalf(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url'));
}

function ed25519Verify(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || !isPlausiblePublicKey(key)) return false;
  return verify(null, message, publicKey('ed25519', key), signature);
}

/** Node's crypto, which is OpenSSL, but for short records. Keys are parsed once and kept as KeyObjects. */
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
  x25519: (key) => {
    const ownKey = privateKey('x25519', key);
    return {
      publicKey: publicHalf(ownKey),
      // OpenSSL fails by itself when the secret is all zero (RFC 7748 §6.1).
      sharedSecret: (peerKey) =>
        plain(diffieHellman({ privateKey: ownKey, publicKey: publicKey('x25519', peerKey) })),
    };
  },
  chacha20Poly1305,
};
