import type { NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { NodeId } from '../model/id.ts';
import type { DialEnd } from './address-book.ts';

/** Whether a peer is up: it has a connection that both sides have accepted. */
export type PeerStatus = 'up' | 'down';

/** A snapshot of what is known about a peer. */
export interface PeerRecord {
  readonly id: NodeId;
  readonly status: PeerStatus;
  /** The directions of its connections, ready or not. */
  readonly links: readonly Direction[];
  readonly isDialing: boolean;
  /**
   * Whether it was let in without a slot, to ask for addresses: this node has peer exchange on and
   * is full. Peer exchange disconnects it in a moment.
   */
  readonly isVisitor: boolean;
  readonly isPersistent: boolean;
  /** Whether the application has named an address of it; otherwise it is a stranger. */
  readonly isChosen: boolean;
  /** Whether it is exempt from slots and limits. */
  readonly isUnconditional: boolean;
  /** Whether it is never advertised to others. */
  readonly isPrivate: boolean;
  /** From -32,767 to 32,767. Persistent peers have the highest. */
  readonly score: number;
  /** The result of the option `rank`; 0 without it. It counts before the score. */
  readonly rank: number;
  readonly addresses: readonly NodeAddress[];
  /** Dials that have failed since an address last worked, of all addresses together. */
  readonly failures: number;
  /** When it was last up, in milliseconds on the node's clock: now, if it is up. */
  readonly lastSeenMs?: number;
  /**
   * When its back-off ends, on the node's clock: it is dialed from then on, once a slot is free.
   * Absent if it is not waiting.
   */
  readonly nextDialMs?: number;
  /** How its last dial ended, and when, on the node's clock. */
  readonly lastDial?: DialEnd;
}
