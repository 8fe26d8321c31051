import type { CallbackFailed } from '../flow/guarded.ts';
import { reportUnhandled } from '../flow/report-unhandled.ts';
import { described } from '../model/described.ts';
import type { PeerRecord } from './peer-record.ts';

/** How much the application values a peer: the higher, the better. */
export type Rank = (peer: PeerRecord) => number;

/**
 * Wraps `rank` so that it never fails: if it throws or returns anything but a finite number, the
 * result is 0.
 *
 * @param failed called for the first failure, and again for the first one after a success. By
 *   default failures are reported as unhandled
 */
export function guardedRank(
  rank: Rank,
  failed: CallbackFailed = (_, thrown) => reportUnhandled(thrown),
): Rank {
  let isFailing = false;
  return (peer) => {
    try {
      const given: unknown = rank(peer);
      if (typeof given !== 'number' || !Number.isFinite(given)) {
        throw new RangeError(`peers.rank must return a finite number, got ${described(given)}`);
      }
      isFailing = false;
      return given;
    } catch (thrown) {
      if (!isFailing) failed('peers.rank', thrown);
      isFailing = true;
      return 0;
    }
  };
}
