import type { NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import type { NodeId } from '../model/id.ts';
import type { DialEnd } from './address-book.ts';

/** A peer is up while it has a connection that both sides have accepted. */
export type PeerStatus = 'up' | 'down';

/** What is known of a peer at one moment. */
export interface PeerRecord {
  readonly id: NodeId;
  readonly status: PeerStatus;
  /** Its connections, ready or not. */
  readonly links: readonly Direction[];
  readonly isDialing: boolean;
  readonly isPersistent: boolean;
  /** The application has named an address of it. Others have come by themselves. */
  readonly isChosen: boolean;
  /** It takes no slots. */
  readonly isUnconditional: boolean;
  /** Nobody is told of it. */
  readonly isPrivate: boolean;
  /** From -32,767 to 32,767; persistent peers have the highest. */
  readonly score: number;
  /** What `rank` of the options says of it; 0 without that. It counts before the score. */
  readonly rank: number;
  readonly addresses: readonly NodeAddress[];
  /** How the last dial of it ended, and when, on the clock of the node. */
  readonly lastDial?: DialEnd;
}
