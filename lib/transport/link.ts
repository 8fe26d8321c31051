import type { RxmeshError } from '../model/error.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { NodeInfo } from '../model/node-info.ts';

/** Why a link is closed, as sent to the other side in a `bye` packet. */
export type ByeReason =
  /** the node is stopping, or has no further use for the link */
  | 'done'
  /** another connection between the two nodes was kept */
  | 'duplicate'
  /** no slot is free */
  | 'full'
  /** banned, or rejected by a filter */
  | 'refused'
  /** another network or block version, or no common channel */
  | 'incompatible'
  /** reported for its behaviour */
  | 'evicted'
  /** it violated the protocol */
  | 'violation';

/**
 * An authenticated connection to one peer. It carries packets of several channels, interleaved.
 *
 * The interface uses calls rather than Observables, since this is the hot path: a packet costs no
 * allocation here. Writing appends to a batch; `flush` seals the batch into one record and writes
 * it immediately.
 */
export interface Link {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** What the peer says about itself; only checked against the wire format so far. */
  readonly nodeInfo: NodeInfo;
  /** The peer's ed25519 public key, whose ownership it has proved. */
  readonly publicKey: Uint8Array;
  /**
   * Whether the wire has credit, announcements of channels, and an answer to every ping. CometBFT's
   * has none of these. A link without credit asks `LinkReceiver.takes` before each message. When
   * attached, it reports the peer's channels as credit of `unlimitedCredit`.
   */
  readonly hasCredit: boolean;
  /** The largest payload of one `data` packet, in bytes. */
  readonly fragmentBytesMax: number;

  /**
   * Sets the receiver of packets; call it once. Until then, the link keeps what arrives, up to a
   * few records. If the link has already ended, the receiver is notified synchronously.
   */
  attach(receiver: LinkReceiver): void;

  /**
   * Whether records may be written now. `LinkReceiver.drained` is called when this becomes true
   * again.
   */
  readonly writable: boolean;
  /** How many payload bytes the open batch still takes as one `data` packet. A flush makes room. */
  readonly room: number;

  /** Adds `bytes[start, end)` as one packet of at most `room` bytes. `last` ends the message. */
  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void;
  /**
   * Announces that `channel` is open here and grants credit for this many more messages and bytes.
   * Values above 2^31 - 1 are sent as 2^31 - 1.
   */
  credit(channel: number, messages: number, bytes: number): void;
  /**
   * Announces the longest message accepted on `channel`, 1 to 2^30 bytes. Only needed if it is not
   * 4 MiB, and must precede the first credit of the channel.
   */
  messageLimit(channel: number, bytes: number): void;
  /** Announces that `channel` is closed here. Credit already granted remains valid. */
  channelClosed(channel: number): void;
  /** Announces that this side accepts the peer. `data` packets must come after it. */
  accept(): void;
  ping(): void;
  /**
   * Answers a ping.
   * @param readAtMs when it was read, in milliseconds since a moment that this side has chosen
   */
  pong(readAtMs: number): void;
  /** Seals and writes the open batch, unless it is empty. */
  flush(): void;

  /**
   * How many bytes have arrived so far, including those of incomplete records; undefined if
   * unknown.
   */
  readonly arrivedBytes?: number | undefined;

  /**
   * Pauses (`true`) or resumes reading from the wire. A link without credit also holds back what it
   * has read already.
   */
  pause(paused: boolean): void;

  /**
   * Whether the other side has closed, so that nothing arrives but what a paused link holds back.
   * Undefined if unknown.
   */
  readonly hasPeerClosed?: boolean | undefined;

  /**
   * Says `bye`, writes the batch, and closes once that is out. Calls `ended` unless that has
   * already happened. Calling it again does nothing.
   */
  close(reason: ByeReason, text?: string): void;
  /**
   * Whether nothing is left of the link on this side: `ended` was called, and the socket is gone.
   * After `close`, that is when the peer has read the bye and everything before it, or did not do
   * so in time, or is gone.
   */
  readonly closed: boolean;

  toString(): string;
}

/** The credit of either side on a wire without credit, in messages and in bytes. */
export const unlimitedCredit: number = Number.MAX_SAFE_INTEGER;

/** The callbacks of a link, in order of arrival. They must not throw. */
export interface LinkReceiver {
  /**
   * Whether another message may arrive on `channel`. Only links without credit ask, before the
   * first fragment. If not, the link pauses, and asks again after `pause(false)`. Default: always.
   */
  takes?(channel: number): boolean;
  /**
   * A message, or a fragment of one. A whole message is a view that is never written to again; a
   * fragment may be overwritten after the call.
   */
  data(channel: number, bytes: Uint8Array, last: boolean): void;
  /**
   * A message on `channel` has arrived, was held back, and is lost: the link ends. Called just
   * before `ended`, for each of them.
   */
  lost?(channel: number): void;
  /** The peer has `channel` open, and accepts this many more messages and bytes. */
  credit(channel: number, messages: number, bytes: number): void;
  /** The peer accepts messages of up to this many bytes on `channel`. */
  messageLimit(channel: number, bytes: number): void;
  channelClosed(channel: number): void;
  /** The peer accepts us. */
  accepted(): void;
  ping(): void;
  /**
   * The peer has read a ping.
   * @param readAtMs when it has, by the peer's clock, in milliseconds; undefined if the wire does
   *   not say it
   */
  pong(readAtMs?: number): void;
  /** `writable` is true again. */
  drained(): void;
  /** All packets of a record have been delivered, so they can be acted on together. */
  recordEnd(): void;
  /**
   * The link is closed. There is no error after our own `close`; otherwise it gives the cause
   * (after a bye, `RXMESH_PEER_REFUSED` or `RXMESH_CONNECTION_CLOSED` with the peer's reason).
   * Called once, as the last call.
   */
  ended(error?: RxmeshError): void;
}
