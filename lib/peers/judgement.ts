import { RxmeshError } from '../model/error.ts';
import { errorOfReport, type PeerReport } from '../model/peer-report.ts';
import type { PeerLimits } from './limits.ts';

/** The consequence of a report beyond the score: a disconnect, with or without a ban. */
export interface Verdict {
  readonly isBan: boolean;
  /** Why the peer is evicted. */
  readonly error: RxmeshError;
}

/**
 * Judges a report. The severities `disconnect` and `ban` take effect by themselves. Many smaller
 * reports can also add up: then the peer's behaviour, including this report, decides.
 *
 * @param behaviour the decayed sum of the reports on the peer; `undefined` for a peer that is never
 *   evicted because of it
 * @returns `undefined` if the peer may stay
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
