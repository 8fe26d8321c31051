import * as nodeCrypto from 'node:crypto';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { chacha20Poly1305 } from './aead.node.ts';
import { fastAes256Gcm } from './aes.node.ts';
import type { PlatformCrypto, PlatformNeed, X25519Key } from './crypto.ts';
import {
  isPlausiblePublicKey,
  isPlausibleSignature,
  requireHkdfBounds,
  requireLength,
} from './crypto-input.ts';

/** The name of each curve in a JWK (RFC 8037 §2). */
const CURVES = { ed25519: 'Ed25519', x25519: 'X25519' };
type Curve = keyof typeof CURVES;

const NO_SALT = new Uint8Array(0);
/** Input for the self-tests below. */
const ONES = new Uint8Array(32).fill(1);

/**
 * The same memory as a plain Uint8Array, because Buffer's `slice` and `toJSON` behave differently.
 */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function base64url({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64url');
}

/** What precedes the 32 bytes of a private key in PKCS #8, as DER (RFC 8410 §7). */
const PRIVATE_KEY_PREFIXES = {
  ed25519: Uint8Array.from([
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ]),
  x25519: Uint8Array.from([
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
  ]),
};

/**
 * Imports a private key as DER, since a JWK also needs the public half (RFC 8037 §2), and newer
 * versions of Node check it. This takes 0.3 ms on Node 20; keys for a single connection come from
 * `freshX25519` instead.
 */
function privateKey(curve: Curve, key: Uint8Array): KeyObject {
  requireLength(`${curve} private key`, key, 32);
  const der = Buffer.concat([PRIVATE_KEY_PREFIXES[curve], key]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
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
  if (!isPlausibleSignature(signature) || !isPlausiblePublicKey(key)) return false;
  return verify(null, message, verifier(key), signature);
}

/** How many keys that signatures were checked with are kept. */
const VERIFIERS_MAX = 64;
const verifiers = new Map<string, KeyObject>();

/** Importing a key takes a fifth as long as checking a signature, and most keys come again. */
function verifier(key: Uint8Array): KeyObject {
  const name = base64url(key);
  const known = verifiers.get(name);
  if (known !== undefined) return known;
  const imported = publicKey('ed25519', key);
  const [oldest = name] = verifiers.keys();
  if (verifiers.size >= VERIFIERS_MAX) verifiers.delete(oldest);
  verifiers.set(name, imported);
  return imported;
}

/** The public half comes as DER, whose last 32 bytes are the key (RFC 8410 §4). */
const asDer = { publicKeyEncoding: { type: 'spki', format: 'der' } } as const;

/**
 * A new key. Its public half comes from `generateKeyPairSync` itself. Exporting it later, as
 * `publicHalf` does, can deadlock Node: the export holds the lock of the key while it allocates,
 * and if garbage is collected just then, the job that made the key takes the same lock.
 */
function freshX25519(): X25519Key {
  const make = generateKeyPairSync as unknown as MakeX25519;
  const { publicKey: der, privateKey: ownKey } = make('x25519', asDer);
  return x25519Key(ownKey, new Uint8Array(der.subarray(-32)));
}

/** How `freshX25519` calls it: the types of Node know it with both halves encoded, or neither. */
type MakeX25519 = (
  curve: 'x25519',
  options: typeof asDer,
) => { readonly publicKey: Buffer; readonly privateKey: KeyObject };

function x25519Key(ownKey: KeyObject, publicBytes = publicHalf(ownKey)): X25519Key {
  return {
    publicKey: publicBytes,
    // OpenSSL itself fails if the secret is all zero (RFC 7748 §6.1).
    sharedSecret: (peerKey) =>
      plain(diffieHellman({ privateKey: ownKey, publicKey: publicKey('x25519', peerKey) })),
  };
}

/**
 * Other runtimes have functions of the same names that cannot do everything Node's can, so each is
 * tried out.
 */
const needs: readonly PlatformNeed[] = [
  { what: 'secure random numbers', works: () => randomBytes(32).length === 32 },
  { what: 'SHA-256', works: () => platformCrypto.sha256(NO_SALT)[0] === 0xe3 },
  { what: 'HKDF', works: () => platformCrypto.hkdfSha256(ONES, ONES, 32).length === 32 },
  {
    what: 'Ed25519',
    works: () => {
      const signature = platformCrypto.ed25519Signer(ONES)(ONES);
      return ed25519Verify(platformCrypto.ed25519PublicKey(ONES), ONES, signature);
    },
  },
  {
    what: 'X25519',
    works: () => {
      const [ours, theirs] = [platformCrypto.freshX25519(), platformCrypto.x25519(ONES)];
      const secret = ours.sharedSecret(theirs.publicKey);
      return theirs.sharedSecret(ours.publicKey).every((byte, i) => byte === secret[i]);
    },
  },
  {
    what: 'ChaCha20-Poly1305',
    works: () => {
      const [aead, nonce] = [chacha20Poly1305(ONES), new Uint8Array(12)];
      // A short and a long one, which take different code paths.
      return [1, 1024].every((length) => {
        const sealed = aead.seal(nonce, new Uint8Array(length));
        return aead.open(nonce, sealed).length === length;
      });
    },
  },
];

/** Hashes in one call, which other runtimes may lack. */
const { hash: hashAtOnce } = nodeCrypto as Partial<typeof nodeCrypto>;

/**
 * Node's hash as a text with one character for each byte: for short inputs, making a Buffer takes
 * longer than hashing.
 */
function sha256(bytes: Uint8Array): Uint8Array {
  if (hashAtOnce === undefined) return plain(createHash('sha256').update(bytes).digest());
  const text = hashAtOnce('sha256', bytes, 'binary');
  const hash = new Uint8Array(text.length);
  for (let at = 0; at < hash.length; at += 1) hash[at] = text.charCodeAt(at);
  return hash;
}

/**
 * Node's crypto, which is OpenSSL, except for short records. Keys are parsed once and kept as
 * KeyObjects.
 */
export const platformCrypto: PlatformCrypto = {
  needs,
  randomBytes: (length) => plain(randomBytes(length)),
  sha256,
  hkdfSha256: (secret, info, length) => {
    requireHkdfBounds(info, length);
    return new Uint8Array(hkdfSync('sha256', secret, NO_SALT, info, length));
  },
  ed25519PublicKey: (seed) => publicHalf(privateKey('ed25519', seed)),
  ed25519Signer: (seed) => {
    requireLength('ed25519 private key', seed, 32);
    const secret = seed.slice();
    let key: KeyObject | undefined;
    return (message) => {
      // Imported for the first signature: it takes longer than the rest of an identity.
      key ??= privateKey('ed25519', secret);
      return plain(sign(null, message, key));
    };
  },
  ed25519Verify,
  x25519: (key) => x25519Key(privateKey('x25519', key)),
  freshX25519,
  chacha20Poly1305,
  fastAes256Gcm,
};
