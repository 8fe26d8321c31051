import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from '../../lib/index.ts';
import { EventLog } from '../../lib/testing/event-log.ts';
import { LogEntry } from '../../lib/testing/log-entry.ts';

const error = new RxmeshError('RXMESH_FATAL', 'failed');
const entry = (atMs: number): LogEntry => new LogEntry(atMs, 0, { type: 'fatal', error });
const times = (log: EventLog): number[] => log.entries.map(({ atMs }) => atMs);

describe('EventLog', () => {
  it('has the latest entries, whenever it is asked', () => {
    const log = new EventLog(8);
    const { entries } = log;
    for (let atMs = 1; atMs <= 30; atMs += 1) {
      log.add(entry(atMs));
      const latest = Array.from({ length: Math.min(atMs, 8) }, (_, back) => atMs - back);
      if (atMs % 7 === 0) expect(times(log)).toEqual(latest.reverse());
    }
    expect(times(log)).toEqual([23, 24, 25, 26, 27, 28, 29, 30]);
    expect(log.entries).toBe(entries);
  });

  it('holds no more than a quarter above that in between', () => {
    const log = new EventLog(8);
    const { entries } = log;
    let most = 0;
    for (let atMs = 0; atMs < 50; atMs += 1) {
      log.add(entry(atMs));
      most = Math.max(most, entries.length);
    }
    expect(most).toBe(10);
  });

  it('keeps nothing, or everything', () => {
    const [none, all] = [new EventLog(0), new EventLog(Infinity)];
    for (let atMs = 0; atMs < 100; atMs += 1) for (const log of [none, all]) log.add(entry(atMs));
    expect([none.entries.length, all.entries.length]).toEqual([0, 100]);
  });
});
