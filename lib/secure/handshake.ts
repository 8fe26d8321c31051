import { platformCrypto } from '#platform/crypto';
import { RxmeshError } from '../model/error.ts';
import { type NodeId, nodeIdFromPublicKey } from '../model/id.ts';
import { signHandshake } from '../model/identity.ts';
import { FEATURES_MAX, type NodeInfo, validateNodeInfo } from '../model/node-info.ts';
import type { Self } from '../transport/transport.ts';
import { concatBytes, equalBytes } from './bytes.ts';
import { decodeHello, encodeHello, HELLO_BYTES, type Protection } from './hello.ts';
import { type Role, RxmeshTranscript } from './key-schedule.ts';
import { decodeNodeInfo, encodeNodeInfo, NODE_INFO_BYTES_MAX } from './node-info-codec.ts';
import {
  aeadRecords,
  type EncryptedRecords,
  type MakeAead,
  plainRecords,
  type RecordCipher,
} from './records.ts';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const PROOF_BYTES: number = KEY_BYTES + SIGNATURE_BYTES;

/** The feature of a node whose long records may be AES-256-GCM (docs/wire.md, "Records"). */
const AES_FEATURE = 'aes-256-gcm';

type X25519Key = ReturnType<typeof platformCrypto.freshX25519>;

/** The result of a handshake. */
export interface AuthenticatedPeer {
  readonly publicKey: Uint8Array;
  readonly nodeInfo: NodeInfo;
  /** Protects the records that follow. */
  readonly cipher: RecordCipher;
}

/** How a side introduces itself. */
interface Introduction {
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
  readonly nodeInfo: Uint8Array;
}

/** The first step of either side: its hello and the ephemeral key in it. */
export class HandshakeStart {
  readonly hello: Uint8Array;
  readonly protection: Protection;
  /** Undefined if nothing is to be proved. */
  readonly ephemeralKey: X25519Key | undefined;
  readonly #aes: MakeAead | undefined;

  /**
   * @param ephemeralSeed the ephemeral X25519 private key, 32 bytes. Default: a new one
   * @param aes AES-256-GCM, to offer it for long records. Default: it is not offered
   */
  constructor(protection: Protection, ephemeralSeed?: Uint8Array, aes?: MakeAead) {
    this.protection = protection;
    this.#aes = aes;
    if (protection !== 'trusted') {
      this.ephemeralKey =
        ephemeralSeed === undefined
          ? platformCrypto.freshX25519()
          : platformCrypto.x25519(ephemeralSeed);
    }
    this.hello = encodeHello(protection, this.ephemeralKey?.publicKey ?? new Uint8Array(KEY_BYTES));
  }

  /** AES-256-GCM; undefined if this node does not offer it. */
  aesOf({ nodeInfo: { features } }: Self): MakeAead | undefined {
    return features.length < FEATURES_MAX ? this.#aes : undefined;
  }

  /** The encoded node info, with what this connection offers. */
  nodeInfoOf(self: Self): Uint8Array {
    const { nodeInfo } = self;
    if (this.aesOf(self) === undefined) return encodeNodeInfo(nodeInfo);
    return encodeNodeInfo({ ...nodeInfo, features: [...nodeInfo.features, AES_FEATURE] });
  }
}

/** What the dialing side starts with once its socket is open. */
export interface DialerSettings {
  readonly self: Self;
  /** The start whose hello went with the dial. */
  readonly start: HandshakeStart;
  /** The node we dialed, if known. No other node learns who we are. */
  readonly expected?: NodeId | undefined;
}

/**
 * The dialer's side of the handshake (docs/wire.md), frame by frame, without a socket. It verifies
 * the listener first, and reveals its own identity only to the node it expects.
 */
export class DialerHandshake {
  /**
   * What to send after `RXMESH_SELF_CONNECTION`: our introduction, so that a second node with our
   * key learns of us, too.
   */
  farewell: Uint8Array | undefined;
  readonly #settings: DialerSettings;
  readonly #ownNodeInfo: Uint8Array;

  /** @throws {RxmeshError} `RXMESH_NODE_INFO_INVALID` if our own node info is too long */
  constructor(settings: DialerSettings) {
    this.#settings = settings;
    this.#ownNodeInfo = settings.start.nodeInfoOf(settings.self);
  }

  /**
   * Verifies the listener's answer, which is its hello and its introduction. Returns the peer, and
   * our own introduction to send.
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED`, `RXMESH_SELF_CONNECTION`,
   *   `RXMESH_IDENTITY_MISMATCH`
   */
  prove(answer: Uint8Array): {
    readonly peer: AuthenticatedPeer;
    readonly introduction: Uint8Array;
  } {
    const { self, start, expected } = this.#settings;
    const listenerHello = answer.subarray(0, HELLO_BYTES);
    const exchange = new Exchange('dialer', start, start.hello, listenerHello);
    const listener = exchange.open(answer.subarray(HELLO_BYTES));
    const { publicKey } = listener;
    if (equalBytes(publicKey, self.identity.publicKey)) {
      this.farewell = exchange.seal(self, this.#ownNodeInfo);
    }
    const told = nodeInfoOf(listener, self, expected);
    // Only now: a node that has not proved to be the expected one must learn nothing about us.
    const introduction = exchange.seal(self, this.#ownNodeInfo);
    const nodeInfo = exchange.agree(self, told);
    return { introduction, peer: { publicKey, nodeInfo, cipher: exchange.cipher } };
  }
}

/** What the listening side starts with. */
export interface ListenerSettings {
  readonly self: Self;
  readonly start: HandshakeStart;
  /** The hello that came with the dial. */
  readonly dialerHello: Uint8Array;
}

/** The listener's side of the handshake: send `answer`, then pass the reply to `prove`. */
export class ListenerHandshake {
  /** The first frame to send: our hello and our introduction. */
  readonly answer: Uint8Array;
  readonly #self: Self;
  readonly #exchange: Exchange;

  /**
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED` if what came with the dial is not a hello we
   *   accept; `RXMESH_NODE_INFO_INVALID` if our own node info is too long
   */
  constructor({ self, start, dialerHello }: ListenerSettings) {
    const ownNodeInfo = start.nodeInfoOf(self);
    this.#self = self;
    this.#exchange = new Exchange('listener', start, dialerHello, start.hello);
    this.answer = concatBytes(start.hello, this.#exchange.seal(self, ownNodeInfo));
  }

  /**
   * Verifies the dialer's introduction.
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED`, `RXMESH_SELF_CONNECTION`,
   *   `RXMESH_IDENTITY_MISMATCH`
   */
  prove(introduction: Uint8Array): AuthenticatedPeer {
    const dialer = this.#exchange.open(introduction);
    const told = nodeInfoOf(dialer, this.#self, undefined);
    const nodeInfo = this.#exchange.agree(this.#self, told);
    return { publicKey: dialer.publicKey, nodeInfo, cipher: this.#exchange.cipher };
  }
}

/**
 * What follows from the two hellos: keys for the introductions and records, and what both sides
 * sign.
 */
class Exchange {
  readonly cipher: RecordCipher;
  readonly #start: HandshakeStart;
  /** Undefined if records are not encrypted. */
  readonly #encrypted: EncryptedRecords | undefined;
  readonly #role: Role;
  /** Undefined if nothing is to be proved. */
  readonly #transcript: RxmeshTranscript | undefined;

  constructor(
    role: Role,
    start: HandshakeStart,
    dialerHello: Uint8Array,
    listenerHello: Uint8Array,
  ) {
    const { hello, protection, ephemeralKey } = start;
    this.#role = role;
    this.#start = start;
    const peerHello = role === 'dialer' ? listenerHello : dialerHello;
    const peerKey = decodeHello(peerHello, protection);
    if (ephemeralKey === undefined) {
      this.cipher = plainRecords;
      return;
    }
    if (equalBytes(peerHello, hello)) throw failed('the other side sent our own hello back');
    const dhSecret = sharedSecret(ephemeralKey, peerKey);
    this.#transcript = new RxmeshTranscript({ dialerHello, listenerHello, dhSecret });
    if (protection === 'encrypted') {
      this.#encrypted = aeadRecords(this.#transcript.recordKeys(role));
    }
    this.cipher = this.#encrypted ?? plainRecords;
  }

  /**
   * Uses what both sides offer, once both introductions are sealed and opened. Returns the peer's
   * node info without what this wire has put there.
   */
  agree(self: Self, told: NodeInfo): NodeInfo {
    if (this.#encrypted === undefined || !told.features.includes(AES_FEATURE)) return told;
    const aes = this.#start.aesOf(self);
    if (aes !== undefined) this.#encrypted.useAes(aes);
    return { ...told, features: told.features.filter((feature) => feature !== AES_FEATURE) };
  }

  /** Seals our introduction, as the first record in our direction. */
  seal({ identity }: Self, nodeInfo: Uint8Array): Uint8Array {
    const { publicKey } = identity;
    const signed = this.#transcript?.introduce(this.#role, publicKey, nodeInfo);
    const signature =
      signed === undefined ? new Uint8Array(SIGNATURE_BYTES) : signHandshake(identity, signed);
    if (this.#role === 'listener') this.#transcript?.listenerSigned(signature);
    return this.cipher.seal(concatBytes(publicKey, signature, nodeInfo));
  }

  /** Opens the other side's introduction and verifies its signature. */
  open(frame: Uint8Array): Introduction {
    const introduction = this.#read(frame);
    const { publicKey, signature, nodeInfo } = introduction;
    const transcript = this.#transcript;
    if (transcript === undefined) {
      if (signature.some((byte) => byte !== 0))
        throw failed('the introduction of a trusted connection must have no signature');
      return introduction;
    }
    const role: Role = this.#role === 'dialer' ? 'listener' : 'dialer';
    const signed = transcript.introduce(role, publicKey, nodeInfo);
    // Also rejects keys of small order, for which a signature can be valid for any message.
    if (!platformCrypto.ed25519Verify(publicKey, signed, signature)) {
      throw failed('the other side has not proved that it owns its key');
    }
    if (role === 'listener') transcript.listenerSigned(signature);
    return introduction;
  }

  #read(frame: Uint8Array): Introduction {
    const bytesMax = PROOF_BYTES + NODE_INFO_BYTES_MAX + this.cipher.overheadBytes;
    if (frame.length > bytesMax) {
      throw failed(`the introduction must be at most ${bytesMax} bytes, got ${frame.length}`);
    }
    let proof: Uint8Array;
    try {
      proof = this.cipher.open(frame);
    } catch (cause) {
      throw failed('the introduction could not be decrypted', cause);
    }
    if (proof.length < PROOF_BYTES) {
      throw failed(`the introduction must be at least ${PROOF_BYTES} bytes, got ${proof.length}`);
    }
    return {
      publicKey: proof.slice(0, KEY_BYTES),
      signature: proof.subarray(KEY_BYTES, PROOF_BYTES),
      nodeInfo: proof.subarray(PROOF_BYTES),
    };
  }
}

function sharedSecret(ownKey: X25519Key, peerKey: Uint8Array): Uint8Array {
  try {
    return ownKey.sharedSecret(peerKey);
  } catch (cause) {
    throw failed("the other side's ephemeral key is a point of low order", cause);
  }
}

/**
 * Checks a side that has proved its key. Returns its node info; throws if it is not who it should
 * be.
 */
function nodeInfoOf(
  { publicKey, nodeInfo: encoded }: Introduction,
  self: Self,
  expected: NodeId | undefined,
): NodeInfo {
  const peer = nodeIdFromPublicKey(publicKey);
  if (equalBytes(publicKey, self.identity.publicKey)) {
    const text = 'the other side has the key of this node: it is this node, or a second one';
    throw new RxmeshError('RXMESH_SELF_CONNECTION', text, { peer });
  }
  if (expected !== undefined && expected !== peer) {
    throw mismatch(`dialed ${expected}, but ${peer} answered`, peer);
  }
  const nodeInfo = decodeNodeInfo(encoded, peer);
  if (nodeInfo.nodeId !== peer) {
    throw mismatch(`the peer's key belongs to ${peer}, but its node info says otherwise`, peer);
  }
  try {
    validateNodeInfo(nodeInfo);
  } catch (cause) {
    const message = "the peer's node info is not valid";
    throw new RxmeshError('RXMESH_HANDSHAKE_FAILED', message, { cause, peer });
  }
  return nodeInfo;
}

function mismatch(message: string, peer: NodeId): RxmeshError {
  return new RxmeshError('RXMESH_IDENTITY_MISMATCH', message, { peer });
}

function failed(message: string, cause?: unknown): RxmeshError {
  return new RxmeshError('RXMESH_HANDSHAKE_FAILED', message, { cause });
}
