import { readFileSync } from 'node:fs';

/** Linux counts the time of processes in hundredths of a second. */
const tickMs = 10;

/** The processor time that a process has taken so far, of its system calls as well. Linux only. */
export function processorMs(pid: number): number {
  // Behind the name, which may contain anything, stands field 3; the two times are 14 and 15.
  const [, fields = ''] = /.*\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? NaN) + (system ?? NaN)) * tickMs;
}
