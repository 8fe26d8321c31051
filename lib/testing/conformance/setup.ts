import type { Clock } from '../../flow/clock.ts';
import type { Identity } from '../../model/identity.ts';
import type { Transport } from '../../transport/transport.ts';

/** A transport, and who uses it. */
export interface TransportNode {
  readonly transport: Transport;
  readonly identity: Identity;
}

/** Two nodes that can reach each other, of which neither listens yet. */
export interface TransportPair {
  readonly a: TransportNode;
  readonly b: TransportNode;
  /** Releases what the pair needed beside the transports, which are closed already. */
  dispose?(): Promise<void> | void;
}

/** What `transportConformance` has to know of a transport. */
export interface TransportSetup {
  /** A new pair, made once for each case. Both transports listen when they are subscribed to. */
  open(): Promise<TransportPair> | TransportPair;
  /** Whether its endpoints have an IP; else they have a path only. */
  readonly networked: boolean;
  /** Time for the suite's own waiting; the system's clock by default. */
  readonly clock?: Clock;
  /** How long a case waits for what has to come; 5,000 by default. */
  readonly timeoutMs?: number;
}
