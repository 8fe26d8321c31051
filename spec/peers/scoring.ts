import type { Severity } from '../../lib/model/peer-report.ts';
import { type Bench, id } from './fixture.ts';

/** Reports a peer. */
export function blame(bench: Bench, digit: string, severity: Severity, times = 1): void {
  for (let n = 0; n < times; n += 1) {
    bench.manager.report({ peer: id(digit), severity, reason: 'as the test wants it' });
  }
}

/** Reports well of a peer. */
export function praise(bench: Bench, digit: string, times = 1): void {
  for (let n = 0; n < times; n += 1) {
    bench.manager.report({ peer: id(digit), severity: 'note', good: true, reason: 'well done' });
  }
}

/** The peers of a manager, each with its score. */
export const scores = (bench: Bench): string[] =>
  bench.manager.peers().map(({ id: peer, score }) => `${peer.slice(0, 1)} ${score}`);
