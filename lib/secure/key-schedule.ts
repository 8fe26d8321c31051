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

const RXMESH = {
  transcript: 'rxmesh handshake v1',
  dialer: 'dialer hello',
  listener: 'listener hello',
  secret: 'dh secret',
  challenge: 'challenge',
  keys: 'rxmesh record keys v1',
} as const;

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

/** What the rxmesh handshake draws its secrets from. */
export interface RxmeshExchange {
  /** The whole hello frame of the side that dialed, and of the one that listened. */
  readonly dialerHello: Uint8Array;
  readonly listenerHello: Uint8Array;
  /** What X25519 makes of the two ephemeral keys, 32 bytes, not all zero. */
  readonly dhSecret: Uint8Array;
  /** Whether we are the side that dialed. */
  readonly dialed: boolean;
}

/**
 * Keys and challenge of rxmesh's own handshake (docs/wire.md, "Secrets"). The dialer sends with the
 * first 32 bytes of HKDF. The challenge is part of HKDF's info, so the keys too depend on every
 * byte of both hellos: a downgrade of version or protection cannot go unnoticed.
 */
export function rxmeshSecrets(exchange: RxmeshExchange): HandshakeSecrets {
  const transcript = new MerlinTranscript(RXMESH.transcript);
  transcript.append(RXMESH.dialer, exchange.dialerHello);
  transcript.append(RXMESH.listener, exchange.listenerHello);
  transcript.append(RXMESH.secret, exchange.dhSecret);
  const challenge = transcript.challenge(RXMESH.challenge, 32);
  const info = concatBytes(asciiBytes(RXMESH.keys), challenge);
  const [first, second] = keyPair(exchange.dhSecret, info);
  return exchange.dialed
    ? { challenge, sendKey: first, receiveKey: second }
    : { challenge, sendKey: second, receiveKey: first };
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
