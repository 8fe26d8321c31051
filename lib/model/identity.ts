import { platformCrypto } from '#platform/crypto';
import { platformFiles } from '#platform/files';
import { assertPlatform } from './assert-platform.ts';
import { asBytes } from './bytes.ts';
import { RxmeshError, toRxmeshError } from './error.ts';
import { isNodeId, nodeIdFromPublicKey, type NodeId } from './id.ts';
import { formatKeyFile, parseKeyFile } from './key-file.ts';

/**
 * Who a node is: an ed25519 key pair and the node ID that follows from it.
 *
 * The private key is out of reach: it shows neither in `JSON.stringify` nor when the identity is
 * logged, and only `loadOrCreate` writes it anywhere.
 *
 *     const identity = await Identity.loadOrCreate('node_key.json')
 *     identity.id // '045f5600654182cfeaccfe6cb19f0642e8a59898'
 */
export class Identity {
  readonly id: NodeId;
  /** 32 bytes. Do not write to them. */
  readonly publicKey: Uint8Array;
  readonly #sign: (message: Uint8Array) => Uint8Array;

  private constructor(seed: Uint8Array) {
    assertPlatform();
    this.publicKey = platformCrypto.ed25519PublicKey(seed);
    this.id = nodeIdFromPublicKey(this.publicKey);
    this.#sign = platformCrypto.ed25519Signer(seed);
  }

  /**
   * A new identity, from the platform's secure random source.
   * @throws {RxmeshError} `RXMESH_PLATFORM_UNSUPPORTED`, as a rejection
   */
  static generate(): Promise<Identity> {
    return new Promise((resolve) => {
      assertPlatform();
      resolve(new Identity(platformCrypto.randomBytes(32)));
    });
  }

  /**
   * The identity of a 32-byte private seed (RFC 8032 §5.1.5): the same seed, the same identity.
   * @throws {RxmeshError} `RXMESH_KEY_INVALID`: another length; `RXMESH_PLATFORM_UNSUPPORTED`
   */
  static fromSeed(seed: Uint8Array): Identity {
    const bytes = asBytes(seed);
    if (bytes === undefined) {
      throw new RxmeshError('RXMESH_KEY_INVALID', `a seed is a Uint8Array, not ${typeof seed}`);
    }
    if (bytes.length === 32) return new Identity(bytes);
    throw new RxmeshError('RXMESH_KEY_INVALID', `a seed has 32 bytes, not ${bytes.length}`);
  }

  /**
   * The identity in a key file: one that `loadOrCreate` wrote, or CometBFT's `node_key.json`.
   * The node ID follows from the key; the one in the file is not looked at.
   * @throws {RxmeshError} `RXMESH_IDENTITY_FILE`, as a rejection: the file does not exist, cannot be
   *   read, or is malformed; or the platform has no files
   */
  static async load(file: string): Promise<Identity> {
    const identity = await loadIfExists(file);
    if (identity !== undefined) return identity;
    throw new RxmeshError('RXMESH_IDENTITY_FILE', `identity file ${file} does not exist`);
  }

  /**
   * The identity in a key file, which is created (mode 0600, in a directory that exists) with a new
   * identity when there is none. Of several processes that do so at once all get the same identity.
   * @throws {RxmeshError} `RXMESH_IDENTITY_FILE`, as a rejection: as for `load`, or the file cannot be
   *   created
   */
  static async loadOrCreate(file: string): Promise<Identity> {
    const existing = await loadIfExists(file);
    if (existing !== undefined) return existing;
    const seed = platformCrypto.randomBytes(32);
    const identity = new Identity(seed);
    const outcome = await inFile(file, () =>
      platformFiles.create(
        file,
        formatKeyFile({ id: identity.id, seed, publicKey: identity.publicKey }),
      ),
    );
    return outcome === 'created' ? identity : Identity.load(file);
  }

  /** The 64-byte ed25519 signature of `message` (RFC 8032 §5.1.6). */
  sign(message: Uint8Array): Uint8Array {
    return this.#sign(message);
  }

  toString(): string {
    return `Identity ${this.id}`;
  }
}

/** Whether a value from outside is an identity: one of this module, or of another copy of it. */
export function isIdentity(value: unknown): value is Identity {
  if (value instanceof Identity) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { id, publicKey, sign } = value as Partial<Record<keyof Identity, unknown>>;
  const hasKey = asBytes(publicKey)?.length === 32 && typeof sign === 'function';
  return hasKey && typeof id === 'string' && isNodeId(id);
}

/**
 * Whether `signature` is one of `message` by the owner of this ed25519 public key. False for
 * malformed input too: wrong lengths, a key of small order, S out of range.
 */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return platformCrypto.ed25519Verify(publicKey, message, signature);
}

async function loadIfExists(file: string): Promise<Identity | undefined> {
  const text = await inFile(file, () => platformFiles.read(file));
  return text === undefined ? undefined : Identity.fromSeed(parseKeyFile(file, text));
}

async function inFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toRxmeshError(error, 'RXMESH_IDENTITY_FILE', `identity file ${file}`);
  }
}
