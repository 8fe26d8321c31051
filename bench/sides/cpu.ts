import process from 'node:process';
import type { Contestant } from '../contestants/contestant.ts';

/** Processor time so far of this process and of those that the contestant runs, in microseconds. */
export async function cpuUsOf(contestant: Contestant | undefined): Promise<number> {
  const { user, system } = process.cpuUsage();
  return user + system + ((await contestant?.otherCpuUs?.()) ?? 0);
}
