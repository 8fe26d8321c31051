import type { Clock } from '../flow/clock.ts';
import { TokenBucket } from '../flow/token-bucket.ts';
import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';

/** How many messages of one peer may fail a second, and at once after a pause. */
export const decodeFailuresPerSecondDefault = 100;

/** Peers whose failures are counted, each by itself. */
const failingPeersMax = 1024;

/**
 * Counts the messages of each peer that do not decode: such a message is cheap to send, and costs
 * an error here. The counts outlive connections, so a peer that connects anew has what it had left.
 *
 * With 1,024 peers counted, a newcomer takes the place of the peer that failed longest ago, and what
 * is left of its allowance. That is usually all of it, since an allowance is whole again after a
 * second. A crowd of identities gets no more than these places have, whatever their number.
 */
export class DecodeFailures {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** In the order of their last failure. */
  readonly #allowances = new Map<NodeId, TokenBucket>();

  /** @throws {RangeError} for a `perSecond` that is no whole number from 1 to 1,000,000 */
  constructor(clock: Clock, perSecond: number = decodeFailuresPerSecondDefault) {
    if (!Number.isInteger(perSecond) || perSecond < 1 || perSecond > 1_000_000) {
      const range = 'a whole number from 1 to 1,000,000';
      throw new RangeError(`decodeFailuresPerSecond must be ${range}, got ${String(perSecond)}`);
    }
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  /** Counts one failure. False when it was one too many. */
  allows(peer: NodeId): boolean {
    const allowance = this.#allowances.get(peer) ?? this.#allowanceOfNewcomer();
    this.#allowances.delete(peer);
    this.#allowances.set(peer, allowance);
    return allowance.take(1);
  }

  /** What a peer that had one too many is reported for. */
  errorOf(peer: NodeId): RxmeshError {
    const text = `more than ${this.#perSecond} messages a second from ${peer} do not decode`;
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
