/**
 * The cryptography that rxmesh needs, all of it synchronous. Node's own crypto implements it in
 * Node (`crypto.node.ts`; short records have a faster way, `aead.node.ts`), the noble libraries
 * elsewhere (`crypto.web.ts`); package `imports` choose.
 */
export interface PlatformCrypto {
  /** What a runtime may lack. What is not here is part of rxmesh or of its libraries. */
  readonly needs: readonly PlatformNeed[];

  /** From the platform's secure source; at most 65,536 at once. */
  randomBytes(length: number): Uint8Array;
  sha256(bytes: Uint8Array): Uint8Array;
  /**
   * HKDF-SHA256 (RFC 5869) without salt: 1 to 8,160 bytes, from at most 1,024 bytes of `info`.
   * @throws {RangeError} one of the two is out of its range
   */
  hkdfSha256(secret: Uint8Array, info: Uint8Array, length: number): Uint8Array;

  /**
   * The ed25519 public key of a 32-byte seed (RFC 8032 §5.1.5).
   * @throws {RangeError} another length
   */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /**
   * A function that signs with this 32-byte seed. Node prepares the key once; noble does it anew
   * for each signature, since its signing function takes nothing but the seed.
   * @throws {RangeError} another length
   */
  ed25519Signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array;
  /**
   * False for a wrong signature and for malformed input alike; never throws.
   *
   * Every platform accepts the same signatures: S is below the group's order, the public key is
   * canonical and not of small order, and the equation holds without the cofactor, R compared as
   * bytes (RFC 8032 §5.1.7). That is narrower than ZIP 215; signatures by honest keys pass both.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;

  /**
   * The X25519 key (RFC 7748 §6.1) of 32 bytes, prepared once for both of its uses.
   * @throws {RangeError} another length
   */
  x25519(privateKey: Uint8Array): X25519Key;
  /**
   * A new X25519 key, from the platform's secure source. Node makes one ten times as fast as it
   * reads one.
   */
  freshX25519(): X25519Key;

  /**
   * ChaCha20-Poly1305 (RFC 8439) under one 32-byte key, without associated data.
   * @throws {RangeError} another length
   */
  chacha20Poly1305(key: Uint8Array): Aead;
}

/** Something that rxmesh needs of the runtime. */
export interface PlatformNeed {
  readonly what: string;
  /** Whether it is there, and does what it should. Throws, or is false, where that is not so. */
  readonly works: () => boolean;
}

/** A private key for an exchange of keys. */
export interface X25519Key {
  readonly publicKey: Uint8Array;
  /**
   * The secret that it shares with the owner of another public key. Throws when that is all zero,
   * which a point of low order makes it, or when the key has not 32 bytes. As RFC 7748 §5 demands,
   * the other key's highest bit is ignored and a non-canonical one is reduced.
   */
  sharedSecret(publicKey: Uint8Array): Uint8Array;
}

/** Authenticated encryption under one key. Who uses it never uses a nonce twice. */
export interface Aead {
  /**
   * Ciphertext of all parts as one, and 16-byte tag, in a buffer of their own. `nonce` has 12
   * bytes.
   */
  seal(nonce: Uint8Array, ...plaintext: Uint8Array[]): Uint8Array;
  /** The plaintext, in a buffer of its own. Throws when the tag does not match or is missing. */
  open(nonce: Uint8Array, sealed: Uint8Array): Uint8Array;
}
