import type { Observable } from 'rxjs';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { NodeInfo } from '../model/node-info.ts';
import type { ByeReason } from '../transport/link.ts';

/** A connection to a peer that both sides have accepted. */
export interface PeerSession {
  /** The peer's id. */
  readonly id: NodeId;
  /** Which side dialed. */
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** What the peer says about itself. */
  readonly nodeInfo: NodeInfo;
  /** Ids of the channels that the peer has open now, in ascending order. */
  readonly channels: readonly number[];
  /**
   * Emits once when the connection has ended, and completes: the error, or `undefined` after our
   * own `close`.
   */
  readonly ended$: Observable<RxmeshError | undefined>;
  /** Says goodbye with this reason, and closes the connection once the current batch is written. */
  close(reason: ByeReason): void;
}
