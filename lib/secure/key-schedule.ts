import { platformCrypto } from '#platform/crypto';
import { asciiBytes, concatBytes } from './bytes.ts';
import { MerlinTranscript } from './merlin.ts';

/**
 * Labels of the CometBFT key exchange, which orders the two keys by value; rxmesh orders by who
 * dialed.
 */
const COMET = {
  transcript: 'TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH',
  lower: 'EPHEMERAL_LOWER_PUBLIC_KEY',
  upper: 'EPHEMERAL_UPPER_PUBLIC_KEY',
  secret: 'DH_SECRET',
  challenge: 'SECRET_CONNECTION_MAC',
  keys: 'TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN',
} as const;

/** Labels of the rxmesh handshake (docs/wire.md, "Secrets"). */
const RXMESH = {
  transcript: 'rxmesh handshake v2',
  dialerHello: 'dialer hello',
  listenerHello: 'listener hello',
  secret: 'dh secret',
  binding: 'key binding',
  keys: 'rxmesh record keys v2',
  listenerSignature: 'listener signature',
  /**
   * The signed bytes start with the role of the signer, so a signature cannot be reflected to its
   * author.
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
const RXMESH_AES_KEY: Uint8Array = asciiBytes('rxmesh aes key v2');

/** The two record keys of a connection, 32 bytes each. */
export interface RecordKeys {
  readonly sendKey: Uint8Array;
  readonly receiveKey: Uint8Array;
}

/** The result of a key exchange: the record keys and the 32 bytes that both sides sign. */
export interface HandshakeSecrets extends RecordKeys {
  readonly challenge: Uint8Array;
}

/**
 * Derives the record keys of CometBFT's SecretConnection. The side with the lower ephemeral public
 * key receives with the first 32 bytes of the HKDF output and sends with the second 32.
 */
export function cometRecordKeys(dhSecret: Uint8Array, ownIsLower: boolean): RecordKeys {
  const [first, second] = keyPair(dhSecret, asciiBytes(COMET.keys));
  return ownIsLower
    ? { receiveKey: first, sendKey: second }
    : { receiveKey: second, sendKey: first };
}

/**
 * Derives keys and challenge of CometBFT's SecretConnection.
 *
 * @param own our ephemeral X25519 public key, 32 bytes
 * @param peer the other side's
 * @param dhSecret their X25519 shared secret, 32 bytes, not all zero
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

/** What both sides of the rxmesh handshake know after exchanging hellos. */
export interface RxmeshExchange {
  readonly dialerHello: Uint8Array;
  readonly listenerHello: Uint8Array;
  /** The X25519 shared secret of the two ephemeral keys, 32 bytes, not all zero. */
  readonly dhSecret: Uint8Array;
}

/** The two sides of a connection. */
export type Role = 'dialer' | 'listener';

/**
 * The transcript of rxmesh's own handshake (docs/wire.md, "Secrets"). Both sides append everything
 * said in the same order, so each signature covers all that came before it.
 */
export class RxmeshTranscript {
  readonly #merlin: MerlinTranscript = new MerlinTranscript(RXMESH.transcript);
  readonly #firstKey: Uint8Array;
  readonly #secondKey: Uint8Array;

  constructor({ dialerHello, listenerHello, dhSecret }: RxmeshExchange) {
    this.#merlin.append(RXMESH.dialerHello, dialerHello);
    this.#merlin.append(RXMESH.listenerHello, listenerHello);
    this.#merlin.append(RXMESH.secret, dhSecret);
    // Part of HKDF's info, so that the keys depend on every byte of both hellos.
    const binding = this.#merlin.challenge(RXMESH.binding, 32);
    const info = concatBytes(asciiBytes(RXMESH.keys), binding);
    [this.#firstKey, this.#secondKey] = keyPair(dhSecret, info);
  }

  /** The record keys for one side: the dialer sends with the first. */
  recordKeys(role: Role): RecordKeys {
    return role === 'dialer'
      ? { sendKey: this.#firstKey, receiveKey: this.#secondKey }
      : { sendKey: this.#secondKey, receiveKey: this.#firstKey };
  }

  /**
   * Appends the key and node info of a side, the listener's first. Returns what that side signs.
   */
  introduce(role: Role, publicKey: Uint8Array, nodeInfo: Uint8Array): Uint8Array {
    const labels = RXMESH[role];
    this.#merlin.append(labels.key, publicKey);
    this.#merlin.append(labels.nodeInfo, nodeInfo);
    return concatBytes(labels.signed, this.#merlin.challenge(labels.challenge, 32));
  }

  /** Appends the listener's signature; must precede the dialer's introduction. */
  listenerSigned(signature: Uint8Array): void {
    this.#merlin.append(RXMESH.listenerSignature, signature);
  }
}

/**
 * The next record key of a direction. Derived one-way, so that it reveals nothing about earlier
 * keys.
 */
export function nextRecordKey(key: Uint8Array): Uint8Array {
  return platformCrypto.hkdfSha256(key, RXMESH_NEXT_KEY, 32);
}

/** The key for AES beside a record key, so that no key serves two ciphers. */
export function aesRecordKey(key: Uint8Array): Uint8Array {
  return platformCrypto.hkdfSha256(key, RXMESH_AES_KEY, 32);
}

function keyPair(dhSecret: Uint8Array, info: Uint8Array): [Uint8Array, Uint8Array] {
  const keys = platformCrypto.hkdfSha256(dhSecret, info, 64);
  return [keys.subarray(0, 32), keys.subarray(32)];
}

/** Compares lexicographically: negative, zero or positive. Both must have the same length. */
function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}
