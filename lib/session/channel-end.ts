import type { DropReason } from '../model/event.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { NodeId } from '../model/id.ts';
import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';

/** What a session knows of a channel that is open at this node. */
export interface ChannelEnd {
  readonly id: number;
  readonly outbound: LaneOptions;
  readonly messageBytesMax: number;
  /**
   * The place where messages of `peer` wait; `grant` gives the peer credit for so many more.
   * It holds what arrives until `release`.
   */
  join(peer: NodeId, grant: (messages: number) => void): Inbox;
}

/** Where whole messages of one peer on one channel arrive. */
export interface Inbox {
  readonly depth: number;
  readonly capacity: number;
  /** How many messages it has room for: the first credit of a peer. */
  readonly room: number;
  /**
   * Takes a message. `owned`: its bytes are in a buffer of their own and may be kept.
   * False when there was no room for it, and that is an error of the peer.
   */
  receive(bytes: Uint8Array, owned: boolean): boolean;
  /** The peer is up: what has arrived and what comes is for the consumers. */
  release(): void;
  /** The peer's connection has ended; what waits is still delivered. */
  leave(): void;
}

/** A drop as a session or channel sees it. */
export interface Drop {
  readonly direction: Direction;
  readonly channel: number;
  readonly reason: DropReason;
  readonly count: number;
  readonly peer?: NodeId;
  readonly error?: RxmeshError;
}
