import type { NodeId } from './id.ts';

/**
 * How bad a peer's behaviour is: `note` and `penalize` change its score, `disconnect` ends the
 * connection and starts a cool-down, `ban` refuses the peer until the ban ends.
 */
export type Severity = 'note' | 'penalize' | 'disconnect' | 'ban';

/** A report on a peer's behaviour, as `channel.errors` takes it. */
export interface PeerReport {
  readonly peer: NodeId;
  readonly severity: Severity;
  /** What it did: an error, or a few words. */
  readonly reason: unknown;
}
