import type { RxmeshError } from '../model/error.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { NodeInfo } from '../model/node-info.ts';

/** Why a link is closed, as told to the other side in a `bye` packet. */
export type ByeReason =
  /** the node stops, or has no further use for the link */
  | 'done'
  /** another connection between the two nodes stands */
  | 'duplicate'
  /** no slot is free */
  | 'full'
  /** banned, or turned away by a filter */
  | 'refused'
  /** another network, block version, or no common channel */
  | 'incompatible'
  /** reported for its behaviour */
  | 'evicted'
  /** it broke the protocol */
  | 'violation';

/**
 * A proven, authenticated connection to one peer. It carries packets, several channels mixed.
 *
 * Calls, not Observables, since this is the hot path: a packet costs no allocation here.
 * Writing appends to a batch; `flush` seals the batch into one record and writes it at once.
 */
export interface Link {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** What the peer told of itself; not yet checked against anything but the wire format. */
  readonly nodeInfo: NodeInfo;
  /** The ed25519 public key that the peer has proved to own. */
  readonly publicKey: Uint8Array;
  /** Whether the wire knows credit and channel announcements. CometBFT's does not. */
  readonly hasCredit: boolean;
  /** The largest payload of one `data` packet, in bytes. */
  readonly fragmentBytesMax: number;

  /**
   * Names the receiver of packets. Until then the link keeps what arrives, at most a few records.
   * A link that has ended meanwhile says so at once. Call it once.
   */
  attach(receiver: LinkReceiver): void;

  /** Whether records may be written now; `LinkReceiver.drained` tells when that comes back. */
  readonly writable: boolean;
  /** Payload bytes of one `data` packet that the open batch still takes; a flush makes more. */
  readonly room: number;

  /** Adds `bytes[start, end)` as one packet; `last` ends the message. At most `room` bytes. */
  data(channel: number, bytes: Uint8Array, start: number, end: number, last: boolean): void;
  /**
   * Announces that `channel` is open here and that so many more messages, and bytes of them, may be
   * sent on it: each 0 to 2^31 - 1, and told as that when it is more.
   */
  credit(channel: number, messages: number, bytes: number): void;
  /**
   * Tells how long a message on `channel` may be, 1 to 2^30 bytes, if that is not 4 MiB. In front
   * of its first credit.
   */
  messageLimit(channel: number, bytes: number): void;
  /** Announces that `channel` is closed here. Credit that was given stays given. */
  channelClosed(channel: number): void;
  /** Says that this side accepts the peer. Packets of `data` follow it, never precede it. */
  accept(): void;
  ping(): void;
  pong(): void;
  /** Seals and writes the open batch, if it holds anything. */
  flush(): void;

  /**
   * How many bytes have arrived so far, those of half a record as well; absent where nobody knows.
   */
  readonly arrivedBytes?: number | undefined;

  /** Stops (`true`) or resumes reading from the wire, for wires without credit. */
  pause(paused: boolean): void;

  /**
   * Says `bye`, writes what is batched, and closes once that is out. Doing it twice is fine.
   * The receiver hears `ended` if it has not yet.
   */
  close(reason: ByeReason, text?: string): void;
  /**
   * Whether nothing is left of it on this side: `ended` was told, and its socket is gone. After
   * `close` that comes when the peer has read the bye and all in front of it, or has not in time,
   * or has gone.
   */
  readonly closed: boolean;

  toString(): string;
}

/** What a link calls, in the order of arrival. None of it may throw. */
export interface LinkReceiver {
  /** A piece of a message. `bytes` is a view that is never written to again. */
  data(channel: number, bytes: Uint8Array, last: boolean): void;
  /** The peer has `channel` open, and takes so many more messages, and bytes of them. */
  credit(channel: number, messages: number, bytes: number): void;
  /** On `channel` the peer takes messages of so many bytes. */
  messageLimit(channel: number, bytes: number): void;
  channelClosed(channel: number): void;
  /** The peer accepts us. */
  accepted(): void;
  ping(): void;
  pong(): void;
  /** `writable` is true again. */
  drained(): void;
  /** All packets of one record have been handed over: the time to act on them together. */
  recordEnd(): void;
  /**
   * The link is closed: without an error after our own `close`, else with one that says why
   * (`RXMESH_PEER_REFUSED` or `RXMESH_CONNECTION_CLOSED` with the peer's reason after its bye).
   * Comes once, and is the last call.
   */
  ended(error?: RxmeshError): void;
}
