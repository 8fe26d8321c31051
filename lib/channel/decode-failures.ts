import type { Clock } from '../flow/clock.ts';
import { TokenBucket } from '../flow/token-bucket.ts';
import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';

/** How many messages from one peer may fail per second, and in a burst after a pause. */
export const decodeFailuresPerSecondDefault = 100;

/** How many peers have an allowance of their own. */
const failingPeersMax = 1024;

/**
 * Counts the messages from each peer that fail to decode or are too large: they are cheap to send,
 * but create work here. Counts outlive connections, so a peer that reconnects has only what was
 * left of its allowance.
 *
 * Once 1,024 peers are counted, a newcomer replaces the peer whose last failure is the oldest, and
 * inherits the rest of its allowance. That is usually all of it, since an allowance is restored
 * within a second. So a crowd of identities, however large, gets no more than 1,024 allowances.
 */
export class DecodeFailures {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** Ordered by last failure, oldest first. */
  readonly #allowances = new Map<NodeId, TokenBucket>();

  /** @throws {RangeError} if `perSecond` is not a whole number from 1 to 1,000,000 */
  constructor(clock: Clock, perSecond: number = decodeFailuresPerSecondDefault) {
    if (!Number.isInteger(perSecond) || perSecond < 1 || perSecond > 1_000_000) {
      const range = 'a whole number from 1 to 1,000,000';
      throw new RangeError(`decodeFailuresPerSecond must be ${range}, got ${String(perSecond)}`);
    }
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Counts one failure. Returns false if it exceeds the allowance. */
  allows(peer: NodeId): boolean {
    const allowance = this.#allowances.get(peer) ?? this.#allowanceOfNewcomer();
    this.#allowances.delete(peer);
    this.#allowances.set(peer, allowance);
    return allowance.take(1);
  }

  /** The error with which a peer that exceeded its allowance is reported. */
  errorOf(peer: NodeId): RxmeshError {
    const text = `more than ${this.#perSecond} messages a second from ${peer} do not decode or are too large`;
    return new RxmeshError('RXMESH_DECODE_FAILED', text, { peer });
  }

  #allowanceOfNewcomer(): TokenBucket {
    if (this.#allowances.size >= failingPeersMax) {
      for (const [longestAgo, allowance] of this.#allowances) {
        this.#allowances.delete(longestAgo);
        return allowance;
      }
    }
    return new TokenBucket(this.#perSecond, this.#perSecond, this.#clock);
  }
}
