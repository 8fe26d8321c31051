import type { Clock } from '../../flow/clock.ts';
import type { Identity } from '../../model/identity.ts';
import type { Transport } from '../../transport/transport.ts';

/** A transport and the identity of its node. */
export interface TransportNode {
  readonly transport: Transport;
  readonly identity: Identity;
}

/** Two nodes that can reach each other. Neither is listening yet. */
export interface TransportPair {
  readonly a: TransportNode;
  readonly b: TransportNode;
  /** Releases what the pair needed besides the transports, which are closed already. */
  dispose?(): Promise<void> | void;
}

/** Describes a transport to `transportConformance`. */
export interface TransportSetup {
  /** Creates a pair, once per case. Both transports must listen when subscribed to. */
  open(): Promise<TransportPair> | TransportPair;
  /** Whether its endpoints have an IP; otherwise, they only have a path. */
  readonly networked: boolean;
  /**
   * Whether a transport can dial itself. Default true. If not, such a dial must fail with
   * `RXMESH_SELF_CONNECTION`.
   */
  readonly dialsItself?: boolean;
  /**
   * Whether the local endpoint of a connection is what the other side sees as its remote one.
   * Default true. Some media do not know how they are seen.
   */
  readonly knowsLocal?: boolean;
  /**
   * Whether a reader that stalls makes the writer unwritable. Default true. If not, 64 records of
   * the largest size must wait for the reader, and none may be lost.
   */
  readonly holdsBack?: boolean;
  /**
   * Whether the side that closes a link may count as closed before the other side has heard the end
   * of it. Default false, as `Link.closed` promises. True where something behind the link delays
   * what has arrived, such as `faulty` with a latency at both ends.
   */
  readonly hearsLate?: boolean;
  /** The clock that the suite itself waits on. Default: the system clock. */
  readonly clock?: Clock;
  /** How long a case waits for something to happen, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
}
