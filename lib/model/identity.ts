import { platformCrypto } from '#platform/crypto';
import { platformFiles } from '#platform/files';
import { assertPlatform } from './assert-platform.ts';
import { asBytes } from './bytes.ts';
import { aFlag, checkOptions, type OptionKinds } from './check-options.ts';
import { described, mustBe } from './described.ts';
import { RxmeshError, toRxmeshError } from './error.ts';
import { isNodeId, nodeIdFromPublicKey, type NodeId } from './id.ts';
import { formatKeyFile, parseKeyFile } from './key-file.ts';

/** Options of `Identity.load` and `Identity.loadOrCreate`. */
export interface KeyFileOptions {
  /** Accepts a file that users other than its owner may read or write. Default: false. */
  readonly allowInsecure?: boolean;
}

const keyFileOptionKinds: OptionKinds<KeyFileOptions> = {
  allowInsecure: aFlag,
};

/**
 * The prefix of every message that an application signs. Handshake data never starts with it, so
 * an application cannot be tricked into signing a handshake.
 */
const APPLICATION_DOMAIN = 'rxmesh application signature v1\0';

/**
 * The property that holds an identity's handshake signer. `Symbol.for`, so that copies of this
 * module share it.
 */
const handshakeSigner: unique symbol = Symbol.for('rxmesh.handshakeSigner');

/**
 * A node's identity: an ed25519 key pair and the node ID derived from it.
 *
 * The private key is hidden: it appears neither in `JSON.stringify` nor in logs, and only
 * `loadOrCreate` writes it to a file.
 *
 *     const identity = await Identity.loadOrCreate('node_key.json')
 *     identity.id // '045f5600654182cfeaccfe6cb19f0642e8a59898'
 */
export class Identity {
  readonly id: NodeId;
  /** The ed25519 public key, 32 bytes. Do not modify it. */
  readonly publicKey: Uint8Array;
  readonly #sign: (message: Uint8Array) => Uint8Array;

  private constructor(seed: Uint8Array) {
    assertPlatform();
    this.publicKey = platformCrypto.ed25519PublicKey(seed);
    this.id = nodeIdFromPublicKey(this.publicKey);
    this.#sign = platformCrypto.ed25519Signer(seed);
    Object.defineProperty(this, handshakeSigner, { value: this.#sign });
  }

  /**
   * Generates an identity with the platform's secure random source.
   * @throws {RxmeshError} `RXMESH_PLATFORM_UNSUPPORTED`, as a rejection
   */
  static generate(): Promise<Identity> {
    return new Promise((resolve) => {
      assertPlatform();
      resolve(new Identity(platformCrypto.randomBytes(32)));
    });
  }

  /**
   * Derives the identity of a 32-byte private seed (RFC 8032 §5.1.5), always the same one.
   * @throws {RxmeshError} `RXMESH_KEY_INVALID`: not 32 bytes; `RXMESH_PLATFORM_UNSUPPORTED`
   */
  static fromSeed(seed: Uint8Array): Identity {
    const bytes = asBytes(seed);
    if (bytes === undefined) {
      throw new RxmeshError(
        'RXMESH_KEY_INVALID',
        mustBe('the seed', 'a Uint8Array of 32 bytes', seed),
      );
    }
    if (bytes.length === 32) return new Identity(bytes);
    throw new RxmeshError('RXMESH_KEY_INVALID', `the seed must be 32 bytes, got ${bytes.length}`);
  }

  /**
   * Loads an identity from a key file, and never writes one: the file is one that `loadOrCreate`
   * wrote, or CometBFT's `node_key.json`. The node ID is derived from the key; the ID in the file
   * is ignored.
   * @param file its path, absolute or relative to the working directory
   * @throws {RxmeshError} as a rejection: `RXMESH_IDENTITY_FILE` if the file does not exist, cannot
   *   be read or is malformed, if its mode lets other users read or write it (run `chmod 600`, or
   *   pass `allowInsecure`; not checked on Windows, which has no file modes), or if the platform
   *   has no file system; `RXMESH_PLATFORM_UNSUPPORTED`
   * @throws {TypeError} as a rejection, for an option that does not exist
   */
  static async load(file: string, options: KeyFileOptions = {}): Promise<Identity> {
    checkOptions('Identity.load', options, keyFileOptionKinds);
    const identity = await loadIfExists(file, options);
    if (identity !== undefined) return identity;
    throw new RxmeshError('RXMESH_IDENTITY_FILE', `identity file ${file} does not exist`);
  }

  /**
   * Loads an identity from a key file, or generates one and creates the file.
   *
   * The file is created with mode 0600; its directory must exist. Processes that call this
   * concurrently all get the same identity. Temporary files of a process that was killed while
   * creating the file are removed.
   * @throws {RxmeshError} `RXMESH_IDENTITY_FILE`, as a rejection: as for `load`, or the file cannot
   *   be created
   */
  static async loadOrCreate(file: string, options: KeyFileOptions = {}): Promise<Identity> {
    checkOptions('Identity.loadOrCreate', options, keyFileOptionKinds);
    const identity = (await loadIfExists(file, options)) ?? (await create(file, options));
    // Only now: before, a draft could still be about to become the file.
    await inFile(file, () => platformFiles.removeDrafts(file));
    return identity;
  }

  /**
   * Signs a message for an application; `verifySignature` checks the result.
   *
   * Returns the 64-byte ed25519 signature (RFC 8032 §5.1.6) of the 31 ASCII characters `rxmesh
   * application signature v1`, a zero byte, and `message`. Handshakes never sign such bytes, so
   * a signature made here cannot be used to impersonate this node.
   * @throws {TypeError} `message` is not a `Uint8Array`
   */
  sign(message: Uint8Array): Uint8Array {
    return this.#sign(inApplicationDomain(message));
  }

  toString(): string {
    return `Identity ${this.id}`;
  }
}

/** Whether a value is an identity, of this copy of the module or of another one. */
export function isIdentity(value: unknown): value is Identity {
  if (value instanceof Identity) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { id, publicKey } = value as Partial<Record<keyof Identity, unknown>>;
  const signs = typeof Reflect.get(value, handshakeSigner) === 'function';
  const hasKey = asBytes(publicKey)?.length === 32 && signs;
  return hasKey && typeof id === 'string' && isNodeId(id);
}

/**
 * Verifies a signature that `Identity.sign` made for `message` with the key of this public key.
 * Returns false for malformed input too: wrong lengths, a small-order key, S out of range.
 * `nodeIdFromPublicKey` gives the signer's node ID.
 * @throws {TypeError} `message` is not a `Uint8Array`
 */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return platformCrypto.ed25519Verify(publicKey, inApplicationDomain(message), signature);
}

/**
 * Signs exactly these bytes, for a handshake. The handshake's own labels separate its signatures
 * from all others. No entry point exports this function.
 */
export function signHandshake(identity: Identity, bytes: Uint8Array): Uint8Array {
  const sign: unknown = Reflect.get(identity, handshakeSigner);
  const signature = typeof sign === 'function' && asBytes(Reflect.apply(sign, undefined, [bytes]));
  if (signature instanceof Uint8Array) return signature;
  throw new TypeError(`the identity must be an Identity, got ${described(identity)}`);
}

function inApplicationDomain(message: Uint8Array): Uint8Array {
  const bytes = asBytes(message);
  // Other values would be copied as zeros.
  if (bytes === undefined) {
    throw new TypeError(`a message to sign must be a Uint8Array, got ${described(message)}`);
  }
  const signed = new Uint8Array(APPLICATION_DOMAIN.length + bytes.length);
  for (let at = 0; at < APPLICATION_DOMAIN.length; at += 1) {
    signed[at] = APPLICATION_DOMAIN.charCodeAt(at);
  }
  signed.set(bytes, APPLICATION_DOMAIN.length);
  return signed;
}

async function loadIfExists(file: string, options: KeyFileOptions): Promise<Identity | undefined> {
  const content = await inFile(file, () => platformFiles.read(file));
  if (content === undefined) return undefined;
  const { text, openMode } = content;
  if (openMode !== undefined && options.allowInsecure !== true) {
    const what = `others may read or change identity file ${file} (mode ${openMode})`;
    const todo = `run "chmod 600 ${file}", or pass allowInsecure: true`;
    throw new RxmeshError('RXMESH_IDENTITY_FILE', `${what}: ${todo}`);
  }
  return Identity.fromSeed(parseKeyFile(file, text));
}

async function create(file: string, options: KeyFileOptions): Promise<Identity> {
  const seed = platformCrypto.randomBytes(32);
  const identity = Identity.fromSeed(seed);
  const text = formatKeyFile({ id: identity.id, seed, publicKey: identity.publicKey });
  const outcome = await inFile(file, () => platformFiles.create(file, text));
  return outcome === 'created' ? identity : Identity.load(file, options);
}

async function inFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  const given: unknown = file;
  if (typeof given !== 'string' || given === '') {
    throw new TypeError(mustBe('the file of an identity', 'a path', given));
  }
  try {
    return await work();
  } catch (error) {
    throw toRxmeshError(error, 'RXMESH_IDENTITY_FILE', `identity file ${file}`);
  }
}
