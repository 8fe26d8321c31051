import { RxmeshError } from '../model/error.ts';
import { errorOfReport, type PeerReport } from '../model/peer-report.ts';
import type { PeerLimits } from './options.ts';

/** What follows from a report, beside the score: nothing, a disconnect, or a ban as well. */
export interface Verdict {
  readonly isBan: boolean;
  /** Why the peer has to go. */
  readonly error: RxmeshError;
}

/**
 * Judges a report. `disconnect` and `ban` are what the reporter wants; else the behaviour of the
 * peer, that report included, decides: it may have gone too far with many small things.
 *
 * @param behaviour the sum of what was reported, as far as it still counts; `undefined` for a peer
 *   that is never sent away for that
 */
export function verdictOn(
  report: PeerReport,
  behaviour: number | undefined,
  limits: Pick<PeerLimits, 'disconnectScore' | 'banScore'>,
): Verdict | undefined {
  if (report.good === true) return undefined;
  const { severity } = report;
  if (severity === 'ban') return { isBan: true, error: errorOfReport(report) };
  const score = behaviour ?? 0;
  if (score <= limits.banScore) return { isBan: true, error: tooLow(report, score) };
  if (severity === 'disconnect') return { isBan: false, error: errorOfReport(report) };
  if (score <= limits.disconnectScore) return { isBan: false, error: tooLow(report, score) };
  return undefined;
}

function tooLow(report: PeerReport, score: number): RxmeshError {
  const cause = errorOfReport(report);
  const text = `the score of the peer has fallen to ${Math.round(score)}: ${cause.message}`;
  return new RxmeshError('RXMESH_SCORE_TOO_LOW', text, { peer: report.peer, cause });
}
