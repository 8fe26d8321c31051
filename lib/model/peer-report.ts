import { type ErrorCode, type RxmeshError, toRxmeshError } from './error.ts';
import { oneOf } from './check-options.ts';
import { mistaken } from './check-function.ts';
import { mustBe } from './described.ts';
import { addressHint, isNodeId, type NodeId } from './id.ts';

/**
 * The severity of a report: `note` and `penalize` change the peer's score, `disconnect` ends the
 * connection and starts a cool-down, and `ban` refuses the peer until the ban ends.
 */
export type Severity = 'note' | 'penalize' | 'disconnect' | 'ban';

/**
 * A report on a peer's behaviour, accepted by `channel.reports`, emitted by `router.reports$`. A
 * good report raises the peer's score by as much as a bad `note` lowers it.
 */
export type PeerReport = BadReport | GoodReport;

/** A peer did something wrong. */
export interface BadReport {
  readonly peer: NodeId;
  readonly severity: Severity;
  readonly good?: false;
  /** What the peer did: an error, or a few words. */
  readonly reason: unknown;
}

/** A peer did something well: it was the first with a block, say. */
export interface GoodReport {
  readonly peer: NodeId;
  readonly severity: 'note';
  readonly good: true;
  /** What it did, in a few words. */
  readonly reason: unknown;
}

const aSeverity = oneOf('note', 'penalize', 'disconnect', 'ban');

/**
 * Rejects anything that is not a valid report. The caller may be plain JavaScript.
 * @throws {TypeError} `reports.next: severity must be 'note' or 'penalize' or 'disconnect' or
 *   'ban', got "kill"`
 */
export function checkPeerReport(report: unknown): void {
  if (typeof report !== 'object' || report === null) {
    throw mistaken('reports.next: the report', '{ peer, severity, reason }', report);
  }
  const { peer, severity, good = false } = report as Readonly<Record<string, unknown>>;
  if (typeof peer !== 'string' || !isNodeId(peer)) {
    throw new TypeError(`${mustBe('reports.next: peer', 'a node ID', peer)}${addressHint(peer)}`);
  }
  if (!aSeverity.accepts(severity)) {
    throw mistaken('reports.next: severity', aSeverity.what, severity);
  }
  if (typeof good !== 'boolean') throw mistaken('reports.next: good', 'true or false', good);
  if (good && severity !== 'note') {
    throw mistaken('reports.next: severity', "'note' in a good report", severity);
  }
}

/** How the message of an error made from a report begins. */
const reportPrefix = (peer: NodeId): string => `peer ${peer} was reported`;

/** The reason of a report without the words and the code that `errorOfReport` has added. */
export function reasonOfReport(peer: NodeId, error: RxmeshError): string | undefined {
  const prefix = `${reportPrefix(peer)}: `;
  const isAdded = error.code === 'RXMESH_PEER_EVICTED' && error.message.startsWith(prefix);
  return isAdded ? error.message.slice(prefix.length) : undefined;
}

/**
 * The reason of a report as an error about the peer: `RXMESH_PEER_EVICTED`, unless it already is
 * an `RxmeshError`.
 */
export function errorOfReport({ peer, reason }: PeerReport): RxmeshError {
  return toRxmeshError(reason, 'RXMESH_PEER_EVICTED', reportPrefix(peer), { peer });
}

/** The error codes of connections that ended because the peer broke the protocol. */
const violations: readonly ErrorCode[] = [
  'RXMESH_PROTOCOL_VIOLATION',
  'RXMESH_CREDIT_EXCEEDED',
  'RXMESH_OVERFLOW',
];

/**
 * The report on a peer whose connection ended with `error`; undefined unless the peer broke the
 * protocol.
 */
export function reportOfEnd(peer: NodeId, error: RxmeshError | undefined): BadReport | undefined {
  if (error === undefined || !violations.includes(error.code)) return undefined;
  return { peer, severity: 'penalize', reason: error };
}
