import type { DropReason } from '../model/event.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { NodeId } from '../model/id.ts';
import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import type { UnsentReason } from './waiting-sends.ts';

/** The longest message that the wire carries; a channel may set a lower limit. */
export const wireMessageBytesMax: number = 2 ** 30;

/** How long the messages of a channel may be, unless its side says otherwise. */
export const messageBytesDefault: number = 4 * 1024 * 1024;

/** Hears that there may be more room than the peer has credit for. */
export type Grant = () => void;

/** What a session knows of a channel that is open at this node. */
export interface ChannelEnd {
  readonly id: number;
  readonly outbound: LaneOptions;
  /** Its share of the way to a peer, for the discipline: 1 to 255. */
  readonly priority: number;
  readonly messageBytesMax: number;
  /** Whether anybody consumes its messages. */
  readonly isConsumed: boolean;
  /**
   * The place where messages of `peer` wait, which has credit for `granted` already; `grant` is
   * called when some were consumed. It holds what arrives until `release`. Two sessions of one peer
   * may have joined at a time: while two nodes connect to each other at once, both of their links
   * are on offer.
   */
  join(peer: NodeId, granted: Credit, grant: Grant): Inbox;
  /** The peer is up, and has the channel open: messages for it can be sent. */
  reached(peer: NodeId): void;
  /**
   * Messages that the lane to `peer` had taken do not go out. With a `keepMs` above 0 they may be
   * kept for so long, for when it comes back.
   * @returns whether they are
   */
  unsent(
    peer: NodeId,
    messages: readonly Uint8Array[],
    reason: UnsentReason | 'lane-full',
    keepMs: number,
  ): boolean;
}

/** What a side may still send on a channel. */
export interface Credit {
  readonly messages: number;
  /** Below 0 when a message was longer than what was left. */
  readonly bytes: number;
}

/**
 * A window of credit is given back in so many steps: few packets, and the peer never runs dry
 * meanwhile.
 */
export const grantsPerWindow = 4;

/** Where whole messages of one peer on one channel arrive. */
export interface Inbox {
  readonly depth: number;
  readonly depthBytes: number;
  readonly capacity: number;
  readonly capacityBytes: number;
  /**
   * How many messages a peer may have credit for. Less than 0 while more wait than the lane is
   * meant for, which credit from an earlier time of the channel can bring about.
   */
  readonly room: number;
  /** The same in bytes. */
  readonly roomBytes: number;
  /** Whether `widen` may do something. */
  readonly isNarrow: boolean;
  /**
   * Whether credit for it is given over the connection that joined with `grant`: of two, the first.
   */
  grantsBy(grant: Grant): boolean;
  /** Lets the peer have twice as much under way, up to what the lane holds. */
  widen(): void;
  /**
   * Takes a message. `owned`: its bytes are in a buffer of their own and may be kept.
   * False when there was no room for it, and that is an error of the peer.
   */
  receive(bytes: Uint8Array, owned: boolean): boolean;
  /** The peer is up: what has arrived and what comes is for the consumers. */
  release(): void;
  /** The connection that joined with `grant` has ended; what waits is still delivered. */
  leave(grant: Grant): void;
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
