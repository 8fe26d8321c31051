import { platformCrypto } from '#platform/crypto';
import { platformFiles } from '#platform/files';
import { assertPlatform } from './assert-platform.ts';
import { asBytes } from './bytes.ts';
import { aFlag, checkOptions, type OptionKinds } from './check-options.ts';
import { described, mustBe } from './described.ts';
import { RxmeshError, toRxmeshError } from './error.ts';
import { isNodeId, nodeIdFromPublicKey, type NodeId } from './id.ts';
import { formatKeyFile, parseKeyFile } from './key-file.ts';

/** How a key file is read. */
export interface KeyFileOptions {
  /** Takes a file that others than its owner may read or write. Default: it is refused. */
  readonly allowInsecure?: boolean;
}

const keyFileOptionKinds: OptionKinds<KeyFileOptions> = {
  allowInsecure: aFlag,
};

/**
 * What stands in front of a message that an application signs: no handshake begins like this, so
 * nobody can have an application sign one.
 */
const APPLICATION_DOMAIN = 'rxmesh application signature v1\0';

/**
 * Where an identity keeps its way to sign for a handshake: one name, also for another copy of this
 * module.
 */
const handshakeSigner: unique symbol = Symbol.for('rxmesh.handshakeSigner');

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
    Object.defineProperty(this, handshakeSigner, { value: this.#sign });
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
      throw new RxmeshError(
        'RXMESH_KEY_INVALID',
        mustBe('the seed', 'a Uint8Array of 32 bytes', seed),
      );
    }
    if (bytes.length === 32) return new Identity(bytes);
    throw new RxmeshError('RXMESH_KEY_INVALID', `a seed has 32 bytes, not ${bytes.length}`);
  }

  /**
   * The identity in a key file: one that `loadOrCreate` wrote, or CometBFT's `node_key.json`.
   * The node ID follows from the key; the one in the file is not looked at.
   * @throws {RxmeshError} `RXMESH_IDENTITY_FILE`, as a rejection: the file does not exist, cannot
   *   be read, may be read or written by others (`chmod 600`, or `allowInsecure`; Windows has no
   *   modes, and does not ask), or is malformed; or the platform has no files
   */
  static async load(file: string, options: KeyFileOptions = {}): Promise<Identity> {
    checkOptions('Identity.load', options, keyFileOptionKinds);
    const identity = await loadIfExists(file, options);
    if (identity !== undefined) return identity;
    throw new RxmeshError('RXMESH_IDENTITY_FILE', `identity file ${file} does not exist`);
  }

  /**
   * The identity in a key file, which is created (mode 0600, in a directory that exists) with a new
   * identity when there is none. Of several processes that do so at once all get the same identity.
   * What a process that was killed meanwhile has left beside the file is removed.
   * @throws {RxmeshError} `RXMESH_IDENTITY_FILE`, as a rejection: as for `load`, or the file cannot
   *   be created
   */
  static async loadOrCreate(file: string, options: KeyFileOptions = {}): Promise<Identity> {
    checkOptions('Identity.loadOrCreate', options, keyFileOptionKinds);
    const identity = (await loadIfExists(file, options)) ?? (await create(file, options));
    // Not before: a draft may be about to become the file.
    await inFile(file, () => platformFiles.removeDrafts(file));
    return identity;
  }

  /**
   * The 64-byte ed25519 signature (RFC 8032 §5.1.6) of the 31 ASCII characters `rxmesh application
   * signature v1`, a zero byte, and `message`. `verifySignature` checks it. No handshake signs such
   * bytes, so whatever an application signs for others, it never speaks for this node in a
   * handshake.
   * @throws {TypeError} `message` is not a `Uint8Array`
   */
  sign(message: Uint8Array): Uint8Array {
    return this.#sign(inApplicationDomain(message));
  }

  toString(): string {
    return `Identity ${this.id}`;
  }
}

/** Whether a value from outside is an identity: one of this module, or of another copy of it. */
export function isIdentity(value: unknown): value is Identity {
  if (value instanceof Identity) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { id, publicKey } = value as Partial<Record<keyof Identity, unknown>>;
  const signs = typeof Reflect.get(value, handshakeSigner) === 'function';
  const hasKey = asBytes(publicKey)?.length === 32 && signs;
  return hasKey && typeof id === 'string' && isNodeId(id);
}

/**
 * Whether `signature` is what the owner of this ed25519 public key got from `Identity.sign` for
 * `message`. False for malformed input too: wrong lengths, a key of small order, S out of range.
 * `nodeIdFromPublicKey` says who the owner is.
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
 * The signature of these very bytes, for a handshake, whose labels keep it apart from everything
 * else. No entry point exports it.
 */
export function signHandshake(identity: Identity, bytes: Uint8Array): Uint8Array {
  const sign: unknown = Reflect.get(identity, handshakeSigner);
  const signature = typeof sign === 'function' && asBytes(Reflect.apply(sign, undefined, [bytes]));
  if (signature instanceof Uint8Array) return signature;
  throw new TypeError(`the identity must be an Identity, got ${described(identity)}`);
}

function inApplicationDomain(message: Uint8Array): Uint8Array {
  const bytes = asBytes(message);
  // What is no bytes would be copied as zeros.
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
  try {
    return await work();
  } catch (error) {
    throw toRxmeshError(error, 'RXMESH_IDENTITY_FILE', `identity file ${file}`);
  }
}
