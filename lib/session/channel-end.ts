import type { DropReason } from '../model/event.ts';
import type { LaneOptions, Strategy } from '../flow/strategy.ts';
import type { NodeId } from '../model/id.ts';
import type { Direction } from '../model/direction.ts';
import type { RxmeshError } from '../model/error.ts';
import type { UnsentReason } from './waiting-sends.ts';

/** The longest message that the wire can carry. A channel may set a lower limit. */
export const wireMessageBytesMax: number = 2 ** 30;

/** The default limit on the length of a channel's messages. */
export const messageBytesDefault: number = 4 * 1024 * 1024;

/** Called when there may be more room than the peer has credit for. */
export type Grant = () => void;

/** A channel that is open on this node, as seen by a session. */
export interface ChannelEnd {
  readonly id: number;
  readonly outbound: LaneOptions;
  /** The weight of the channel for the discipline: 1 to 255. */
  readonly priority: number;
  readonly messageBytesMax: number;
  /** Whether its messages have any consumer. */
  readonly isConsumed: boolean;
  /**
   * Joins the channel's inbox for `peer`, which already has credit for `granted`. `grant` is called
   * whenever messages have been consumed. The inbox holds back what arrives until `release`. Two
   * sessions with the same peer may have joined at once: when two nodes dial each other
   * simultaneously, both connections exist for a while.
   */
  join(peer: NodeId, granted: Credit, grant: Grant): Inbox;
  /** The peer is up and has the channel open, so messages can be sent to it. */
  reached(peer: NodeId): void;
  /**
   * Messages that the lane to `peer` had taken will not be sent. If `keepMs` is above 0, the
   * channel may keep them that long in case the peer returns.
   * @returns whether they are kept
   */
  unsent(
    peer: NodeId,
    messages: readonly Uint8Array[],
    reason: UnsentReason,
    keepMs: number,
  ): boolean;
  /**
   * A lane is dropping this message to make room for the one that the channel is offering. Must not
   * call back.
   */
  displaced(message: Uint8Array): void;
}

/** How much a side may still send on a channel. */
export interface Credit {
  readonly messages: number;
  /** Negative if the last message was longer than the remaining credit. */
  readonly bytes: number;
}

/**
 * A window of credit is returned in this many steps: few enough to save packets, and enough that
 * the peer does not run out in the meantime.
 */
export const grantsPerWindow = 4;

/** Where one peer's messages on one channel arrive, reassembled. */
export interface Inbox {
  readonly strategy: Strategy;
  readonly depth: number;
  readonly depthBytes: number;
  readonly capacity: number;
  readonly capacityBytes: number;
  /**
   * How many messages the peer may have credit for. Negative while more messages wait than the lane
   * has room for, which can happen with credit granted before the channel was reopened.
   */
  readonly room: number;
  /** The same in bytes. */
  readonly roomBytes: number;
  /** Whether `widen` can still have an effect. */
  readonly isNarrow: boolean;
  /**
   * Whether credit for this inbox is granted through the connection that joined with `grant`. If
   * there are two connections, it is the first.
   */
  grantsBy(grant: Grant): boolean;
  /** Doubles how much the peer may have in flight, up to what the lane holds. */
  widen(): void;
  /**
   * Takes a message. If `owned`, its bytes have their own buffer and may be kept. Returns false if
   * there was no room and that is a violation by the peer.
   */
  receive(bytes: Uint8Array, owned: boolean): boolean;
  /** The peer is up: deliver what has arrived, and what will. */
  release(): void;
  /** The connection that joined with `grant` has ended. Waiting messages are still delivered. */
  leave(grant: Grant): void;
}

/** A drop, as reported by a session or a channel. */
export interface Drop {
  readonly direction: Direction;
  readonly channel: number;
  readonly reason: DropReason;
  readonly count: number;
  readonly peer?: NodeId;
  readonly error?: RxmeshError;
}
