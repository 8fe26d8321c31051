import { platformCrypto } from '#platform/crypto';
import { Reader, Writer } from 'protobufjs/minimal.js';
import type { Direction } from '../../lib/model/direction.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { type NodeId, nodeIdFromPublicKey } from '../../lib/model/id.ts';
import { signHandshake } from '../../lib/model/identity.ts';
import { type NodeInfo, validateNodeInfo } from '../../lib/model/node-info.ts';
import { concatBytes, equalBytes } from '../../lib/secure/bytes.ts';
import { cometSecrets } from '../../lib/secure/key-schedule.ts';
import {
  decodeNodeInfo,
  encodeNodeInfo,
  NODE_INFO_BYTES_MAX,
} from '../../lib/secure/node-info-codec.ts';
import { aeadRecords } from '../../lib/secure/records.ts';
import type { Self } from '../../lib/transport/transport.ts';
import { ByteQueue } from './byte-queue.ts';
import { type FrameCipher, OpenRecords, RecordReader } from './records.ts';
import { sodiumRecords } from './sodium.node.ts';

/** A delimited `BytesValue` of 32 bytes: its length, its field, and the field's length. */
const EPHEMERAL_PREFIX: Uint8Array = Uint8Array.of(0x22, 0x0a, 0x20);
const EPHEMERAL_BYTES: number = EPHEMERAL_PREFIX.length + 32;
/** An `AuthSigMessage` takes 102 bytes; others may write the same in a longer form. */
const PROOF_BYTES_MAX = 256;
/** `PublicKey.ed25519`, `AuthSigMessage.pub_key` and `AuthSigMessage.sig`. */
const TAG = { ed25519: 0x0a, publicKey: 0x0a, signature: 0x12 } as const;

type X25519Key = ReturnType<typeof platformCrypto.freshX25519>;

/** What a handshake has to know. */
export interface HandshakeSettings {
  readonly self: Self;
  readonly direction: Direction;
  /** The node that was dialed, if known. No other node learns who we are. */
  readonly expected?: NodeId | undefined;
  /** 32 bytes, for test vectors only. Default: a new key. */
  readonly ephemeralSeed?: Uint8Array | undefined;
}

/** The result of a handshake. */
export interface CometPeer {
  readonly publicKey: Uint8Array;
  readonly nodeInfo: NodeInfo;
  readonly cipher: FrameCipher;
  readonly reader: RecordReader;
  /** What has arrived of the stream behind the node info. */
  readonly rest: Uint8Array;
}

/** What a step of the handshake gives: bytes to send, the peer, or neither. */
export interface HandshakeStep {
  readonly send?: Uint8Array;
  readonly peer?: CometPeer;
}

/**
 * CometBFT's SecretConnection, and the exchange of node infos in it, without a socket
 * (docs/comet.md, "The wire"). Send `first`, then pass on what arrives.
 *
 * CometBFT sends its proof at once, whoever dialed. Here the dialer waits for the listener's proof,
 * so that it reveals itself only to the node it expects.
 */
export class SecretHandshake {
  readonly first: Uint8Array;
  readonly #settings: HandshakeSettings;
  readonly #ownNodeInfo: Uint8Array;
  readonly #key: X25519Key;
  readonly #arrived = new ByteQueue();
  #secured: Secured | undefined;
  #publicKey: Uint8Array | undefined;

  /** @throws {RxmeshError} `RXMESH_NODE_INFO_INVALID` if our own node info is too long */
  constructor(settings: HandshakeSettings) {
    const { ephemeralSeed, self } = settings;
    this.#settings = settings;
    this.#ownNodeInfo = delimited(encodeNodeInfo(self.nodeInfo));
    this.#key =
      ephemeralSeed === undefined
        ? platformCrypto.freshX25519()
        : platformCrypto.x25519(ephemeralSeed);
    this.first = concatBytes(EPHEMERAL_PREFIX, this.#key.publicKey);
  }

  /**
   * Takes the next bytes from the other side.
   * @throws {RxmeshError} `RXMESH_HANDSHAKE_FAILED`, `RXMESH_IDENTITY_MISMATCH`,
   *   `RXMESH_SELF_CONNECTION`, `RXMESH_RECORD_INVALID`, `RXMESH_PROTOCOL_VIOLATION`
   */
  take(bytes: Uint8Array): HandshakeStep {
    const sent: Uint8Array[] = [];
    const opened = this.#secured?.reader.read(bytes) ?? this.#takeKey(bytes, sent);
    if (opened !== undefined) this.#arrived.add(opened);
    const peer = this.#secured && this.#takeProofs(this.#secured, sent);
    return {
      ...(sent.length > 0 && { send: concatBytes(...sent) }),
      ...(peer !== undefined && { peer }),
    };
  }

  /** Takes the ephemeral key. Returns what the records behind it carry, once it is complete. */
  #takeKey(bytes: Uint8Array, sent: Uint8Array[]): Uint8Array | undefined {
    this.#arrived.add(bytes);
    const prefix = this.#arrived.peek(EPHEMERAL_PREFIX.length);
    if (!equalBytes(prefix, EPHEMERAL_PREFIX.subarray(0, prefix.length))) {
      throw failed('the other side did not begin as CometBFT does: is it a CometBFT node?');
    }
    const message = this.#arrived.take(EPHEMERAL_BYTES);
    if (message === undefined) return undefined;
    const secured = this.#secure(message.slice(EPHEMERAL_PREFIX.length));
    this.#secured = secured;
    // A listener proves itself now; a dialer, once it knows that it has reached the right node.
    if (this.#settings.direction === 'inbound') sent.push(this.#sealed(secured, this.#proof()));
    return secured.reader.read(this.#arrived.takeAll());
  }

  #secure(peerKey: Uint8Array): Secured {
    const { publicKey } = this.#key;
    if (equalBytes(peerKey, publicKey)) throw failed('the other side sent our own key back');
    let dhSecret: Uint8Array;
    try {
      dhSecret = this.#key.sharedSecret(peerKey);
    } catch (cause) {
      throw failed("the other side's ephemeral key is a point of low order", cause);
    }
    const { challenge, ...keys } = cometSecrets(publicKey, peerKey, dhSecret);
    const cipher = sodiumRecords(keys) ?? aeadRecords(keys, Number.MAX_SAFE_INTEGER, Infinity);
    return { challenge, cipher, reader: new RecordReader(cipher) };
  }

  /** Takes the proof and the node info, as far as they have arrived. */
  #takeProofs(secured: Secured, sent: Uint8Array[]): CometPeer | undefined {
    if (this.#publicKey === undefined) {
      const proof = this.#arrived.takeDelimited(PROOF_BYTES_MAX);
      if (proof === undefined) return undefined;
      this.#publicKey = this.#verified(proof, secured.challenge);
      const parts = [this.#ownNodeInfo];
      if (this.#settings.direction === 'outbound') parts.unshift(this.#proof());
      sent.push(this.#sealed(secured, ...parts));
    }
    const encoded = this.#arrived.takeDelimited(NODE_INFO_BYTES_MAX);
    if (encoded === undefined) return undefined;
    const publicKey = this.#publicKey;
    const nodeInfo = nodeInfoOf(encoded, nodeIdFromPublicKey(publicKey));
    const { cipher, reader } = secured;
    return { publicKey, nodeInfo, cipher, reader, rest: this.#arrived.takeAll() };
  }

  /** Checks a proof. Returns the public key of the peer, which is the one to talk to. */
  #verified(proof: Uint8Array, challenge: Uint8Array): Uint8Array {
    const { self, expected } = this.#settings;
    const { publicKey, signature } = readProof(proof);
    // Also rejects keys of small order, for which a signature can be valid for any message.
    if (!platformCrypto.ed25519Verify(publicKey, challenge, signature)) {
      throw failed('the other side has not proved that it owns its key');
    }
    const peer = nodeIdFromPublicKey(publicKey);
    if (equalBytes(publicKey, self.identity.publicKey)) {
      const text = 'the other side has the key of this node: it is this node, or a second one';
      throw new RxmeshError('RXMESH_SELF_CONNECTION', text, { peer });
    }
    if (expected !== undefined && expected !== peer) {
      const text = `dialed ${expected}, but ${peer} answered`;
      throw new RxmeshError('RXMESH_IDENTITY_MISMATCH', text, { peer });
    }
    return publicKey;
  }

  /** Our `AuthSigMessage`, delimited. */
  #proof(): Uint8Array {
    const { identity } = this.#settings.self;
    const challenge = this.#secured?.challenge ?? new Uint8Array(0);
    const writer = new Writer();
    writer.uint32(TAG.publicKey).fork();
    writer.uint32(TAG.ed25519).bytes(identity.publicKey).ldelim();
    writer.uint32(TAG.signature).bytes(signHandshake(identity, challenge));
    return delimited(writer.finish());
  }

  /** CometBFT writes each message in records of its own; so do we. */
  #sealed({ cipher }: Secured, ...messages: readonly Uint8Array[]): Uint8Array {
    const records = new OpenRecords();
    const sealed = messages.map((message) => {
      records.write(message, 0, message.length);
      return records.seal(cipher);
    });
    return concatBytes(...sealed);
  }
}

/** What both sides have once they know each other's ephemeral keys. */
interface Secured {
  readonly challenge: Uint8Array;
  readonly cipher: FrameCipher;
  readonly reader: RecordReader;
}

function readProof(bytes: Uint8Array): { publicKey: Uint8Array; signature: Uint8Array } {
  let publicKey: Uint8Array | undefined;
  let signature: Uint8Array | undefined;
  try {
    const reader = new Reader(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === TAG.publicKey) publicKey = readPublicKey(reader.bytes());
      else if (tag === TAG.signature) signature = reader.bytes();
      else reader.skipType(tag & 7);
    }
  } catch (cause) {
    if (cause instanceof RxmeshError) throw cause;
    throw failed("the other side's proof is malformed", cause);
  }
  if (publicKey?.length !== 32) throw failed("the other side's key is not an ed25519 key");
  if (signature?.length !== 64) throw failed("the other side's signature has not 64 bytes");
  return { publicKey: publicKey.slice(), signature };
}

/** The ed25519 key in a `PublicKey`; undefined if it is of another kind, or missing. */
function readPublicKey(bytes: Uint8Array): Uint8Array | undefined {
  const reader = new Reader(bytes);
  let key: Uint8Array | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === TAG.ed25519) key = reader.bytes();
    else {
      // The kinds are alternatives, and the last one counts.
      key = undefined;
      reader.skipType(tag & 7);
    }
  }
  return key;
}

function nodeInfoOf(encoded: Uint8Array, peer: NodeId): NodeInfo {
  const nodeInfo = decodeNodeInfo(encoded, peer, 'bytes');
  if (nodeInfo.nodeId !== peer) {
    const text = `the peer's key belongs to ${peer}, but its node info says otherwise`;
    throw new RxmeshError('RXMESH_IDENTITY_MISMATCH', text, { peer });
  }
  try {
    validateNodeInfo(nodeInfo);
  } catch (cause) {
    const message = "the peer's node info is not valid";
    throw new RxmeshError('RXMESH_HANDSHAKE_FAILED', message, { cause, peer });
  }
  return nodeInfo;
}

/** The message behind its length. */
function delimited(message: Uint8Array): Uint8Array {
  return new Writer().bytes(message).finish();
}

function failed(message: string, cause?: unknown): RxmeshError {
  return new RxmeshError('RXMESH_HANDSHAKE_FAILED', message, { cause });
}
