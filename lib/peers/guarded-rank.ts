import type { CallbackFailed } from '../flow/guarded.ts';
import { reportUnhandled } from '../flow/report-unhandled.ts';
import type { PeerRecord } from './peer-record.ts';

/** What an application thinks of a peer: the higher, the better. */
export type Rank = (peer: PeerRecord) => number;

/**
 * `rank`, which does not fail: where it throws, or gives no number, it is 0.
 *
 * @param failed hears of the first failure, and of the first one after it has worked again.
 *   Default: it is reported as unhandled
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
        throw new RangeError(`peers.rank: a finite number, not ${String(given)}`);
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
