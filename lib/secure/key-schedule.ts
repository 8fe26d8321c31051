import { platformCrypto } from '#platform/crypto';
import { asciiBytes, concatBytes } from './bytes.ts';
import { MerlinTranscript } from './merlin.ts';

/** Where the two key exchanges differ: CometBFT orders them by their keys, rxmesh by who dialed. */
const COMET = {
  transcript: 'TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH',
  lower: 'EPHEMERAL_LOWER_PUBLIC_KEY',
  upper: 'EPHEMERAL_UPPER_PUBLIC_KEY',
  secret: 'DH_SECRET',
  challenge: 'SECRET_CONNECTION_MAC',
  keys: 'TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN',
} as const;

/** Labels of rxmesh's own (docs/wire.md, "Secrets"). */
const RXMESH = {
  transcript: 'rxmesh handshake v2',
  dialerHello: 'dialer hello',
  listenerHello: 'listener hello',
  secret: 'dh secret',
  binding: 'key binding',
  keys: 'rxmesh record keys v2',
  listenerSignature: 'listener signature',
  /**
   * What a side signs begins with which side it is, so a signature cannot be sent back to its
   * maker.
   */
  dialer: {
    key: 'dialer key',
    nodeInfo: 'dialer node info',
    challenge: 'dialer challenge',
    signed: asciiBytes('rxmesh dialer v2'),
  },
  listener: {
    key: 'listener key',
    nodeInfo: 'listener node info',
    challenge: 'listener challenge',
    signed: asciiBytes('rxmesh listener v2'),
  },
} as const;

const RXMESH_NEXT_KEY: Uint8Array = asciiBytes('rxmesh next key v2');

/** The two keys of the records of a connection, 32 bytes each. */
export interface RecordKeys {
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

/** What a key exchange ends with: the keys, and the 32 bytes that both sides sign. */
export interface HandshakeSecrets extends RecordKeys {
  readonly challenge: Uint8Array;
}

/**
 * The record keys of CometBFT's SecretConnection. The side with the lower ephemeral public key
 * receives with the first 32 bytes of HKDF and sends with the second.
 */
export function cometRecordKeys(dhSecret: Uint8Array, ownIsLower: boolean): RecordKeys {
  const [first, second] = keyPair(dhSecret, asciiBytes(COMET.keys));
  return ownIsLower
    ? { receiveKey: first, sendKey: second }
    : { receiveKey: second, sendKey: first };
}

/**
 * Keys and challenge of CometBFT's SecretConnection.
 *
 * @param own our ephemeral X25519 public key, 32 bytes
 * @param peer the other side's
 * @param dhSecret what X25519 makes of them, 32 bytes, not all zero
 */
export function cometSecrets(
  own: Uint8Array,
  peer: Uint8Array,
  dhSecret: Uint8Array,
): HandshakeSecrets {
  const ownIsLower = compareBytes(own, peer) < 0;
  const transcript = new MerlinTranscript(COMET.transcript);
  transcript.append(COMET.lower, ownIsLower ? own : peer);
  transcript.append(COMET.upper, ownIsLower ? peer : own);
  transcript.append(COMET.secret, dhSecret);
  const challenge = transcript.challenge(COMET.challenge, 32);
  return { challenge, ...cometRecordKeys(dhSecret, ownIsLower) };
}

/** What both sides of the rxmesh handshake know once the two hellos have crossed. */
export interface RxmeshExchange {
  readonly dialerHello: Uint8Array;
  readonly listenerHello: Uint8Array;
  /** What X25519 makes of the two ephemeral keys, 32 bytes, not all zero. */
  readonly dhSecret: Uint8Array;
}

/** The two sides of a connection. */
export type Role = 'dialer' | 'listener';

/**
 * The transcript of rxmesh's own handshake (docs/wire.md, "Secrets"): both sides append what was
 * said, in the same order, so that each signature covers everything in front of it.
 */
export class RxmeshTranscript {
  readonly #merlin: MerlinTranscript = new MerlinTranscript(RXMESH.transcript);
  readonly #firstKey: Uint8Array;
  readonly #secondKey: Uint8Array;

  constructor({ dialerHello, listenerHello, dhSecret }: RxmeshExchange) {
    this.#merlin.append(RXMESH.dialerHello, dialerHello);
    this.#merlin.append(RXMESH.listenerHello, listenerHello);
    this.#merlin.append(RXMESH.secret, dhSecret);
    // In HKDF's info, so that the keys depend on every byte of both hellos.
    const binding = this.#merlin.challenge(RXMESH.binding, 32);
    const info = concatBytes(asciiBytes(RXMESH.keys), binding);
    [this.#firstKey, this.#secondKey] = keyPair(dhSecret, info);
  }

  /** The keys of the records, as the side `role` uses them: the dialer sends with the first. */
  recordKeys(role: Role): RecordKeys {
    return role === 'dialer'
      ? { sendKey: this.#firstKey, receiveKey: this.#secondKey }
      : { sendKey: this.#secondKey, receiveKey: this.#firstKey };
  }

  /**
   * Takes the key and the node info of a side, the listener's first; returns what that side signs.
   */
  introduce(role: Role, publicKey: Uint8Array, nodeInfo: Uint8Array): Uint8Array {
    const labels = RXMESH[role];
    this.#merlin.append(labels.key, publicKey);
    this.#merlin.append(labels.nodeInfo, nodeInfo);
    return concatBytes(labels.signed, this.#merlin.challenge(labels.challenge, 32));
  }

  /** Takes the listener's signature, in front of the dialer's introduction. */
  listenerSigned(signature: Uint8Array): void {
    this.#merlin.append(RXMESH.listenerSignature, signature);
  }
}

/**
 * The key of the next records of a direction: a one-way step, so that it tells nothing of those
 * before.
 */
export function nextRecordKey(key: Uint8Array): Uint8Array {
  return platformCrypto.hkdfSha256(key, RXMESH_NEXT_KEY, 32);
}

function keyPair(dhSecret: Uint8Array, info: Uint8Array): [Uint8Array, Uint8Array] {
  const keys = platformCrypto.hkdfSha256(dhSecret, info, 64);
  return [keys.subarray(0, 32), keys.subarray(32)];
}

/** Negative, zero or positive, as `left` stands before, at or behind `right`; both equally long. */
function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}
