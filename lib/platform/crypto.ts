/**
 * The cryptography that rxmesh needs, all of it synchronous. Implemented by Node's own crypto in
 * Node (`crypto.node.ts`, with a faster path for short records in `aead.node.ts`) and by the noble
 * libraries elsewhere (`crypto.web.ts`). The package's `imports` conditions choose.
 */
export interface PlatformCrypto {
  /** What a runtime may lack. Everything else is part of rxmesh or its dependencies. */
  readonly needs: readonly PlatformNeed[];

  /** Random bytes from the platform's secure source; at most 65,536 per call. */
  randomBytes(length: number): Uint8Array;
  sha256(bytes: Uint8Array): Uint8Array;
  /**
   * HKDF-SHA256 (RFC 5869) without salt: 1 to 8,160 bytes, with at most 1,024 bytes of `info`.
   * @throws {RangeError} if either is out of range
   */
  hkdfSha256(secret: Uint8Array, info: Uint8Array, length: number): Uint8Array;

  /**
   * Derives the ed25519 public key of a 32-byte seed (RFC 8032 §5.1.5).
   * @throws {RangeError} if the seed has another length
   */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /**
   * Returns a function that signs with this 32-byte seed. Node prepares the key once; noble derives
   * it for each signature, since its signing function accepts only the seed.
   * @throws {RangeError} if the seed has another length
   */
  ed25519Signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array;
  /**
   * Verifies a signature. Returns false for malformed input as well; never throws.
   *
   * Every platform accepts the same signatures: S is below the group order, the public key is
   * canonical, neither the key nor R has small order, and the equation holds without the cofactor,
   * with R compared as bytes (RFC 8032 §5.1.7). That is narrower than ZIP 215; signatures by honest
   * keys pass both.
   */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;

  /**
   * Creates an X25519 key (RFC 7748 §6.1) from 32 bytes, prepared once for both of its uses.
   * @throws {RangeError} if it has another length
   */
  x25519(privateKey: Uint8Array): X25519Key;
  /**
   * Creates a new X25519 key from the platform's secure source. In Node this is ten times as fast
   * as importing one.
   */
  freshX25519(): X25519Key;

  /**
   * ChaCha20-Poly1305 (RFC 8439) with a 32-byte key and no associated data.
   * @throws {RangeError} if the key has another length
   */
  chacha20Poly1305(key: Uint8Array): Aead;
  /**
   * Returns AES-256-GCM (NIST SP 800-38D), with a 32-byte key, a 12-byte nonce and no associated
   * data; undefined where it is missing or not faster than ChaCha20-Poly1305.
   */
  fastAes256Gcm(): ((key: Uint8Array) => Aead) | undefined;
}

/** Something that rxmesh needs from the runtime. */
export interface PlatformNeed {
  readonly what: string;
  /** Returns true if it is there and works; otherwise returns false or throws. */
  readonly works: () => boolean;
}

/** A private key for key exchange. */
export interface X25519Key {
  readonly publicKey: Uint8Array;
  /**
   * Computes the secret shared with the owner of another public key. Throws if the result is all
   * zero, as for a point of low order, or if the key does not have 32 bytes. As RFC 7748 §5
   * requires, the other key's highest bit is ignored and a non-canonical key is reduced.
   */
  sharedSecret(publicKey: Uint8Array): Uint8Array;
}

/** Authenticated encryption with one key. The caller must never reuse a nonce. */
export interface Aead {
  /**
   * Encrypts all parts as one. Returns the ciphertext and 16-byte tag in a new buffer. `nonce` has
   * 12 bytes.
   */
  seal(nonce: Uint8Array, ...plaintext: Uint8Array[]): Uint8Array;
  /** Decrypts into a new buffer. Throws if the tag does not match or is missing. */
  open(nonce: Uint8Array, sealed: Uint8Array): Uint8Array;
}
