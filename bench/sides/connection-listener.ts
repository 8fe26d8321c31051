/** The side that connections are made to, in a process of its own. */
import process from 'node:process';
import { connectingOf } from '../contestants/connecting.ts';
import { deferred } from '../frame/deferred.ts';
import { footprint } from './footprint.ts';
import { nowUs } from './now.ts';

/** When the last of some connections was up here, and the processor time until then. */
export interface Reception {
  readonly endedAtUs: number;
  readonly cpuUs: number;
}

let missing = 0;
let cpuBefore = process.cpuUsage();
let all = deferred<Reception>();

function up(): void {
  missing -= 1;
  if (missing !== 0) return;
  const { user, system } = process.cpuUsage(cpuBefore);
  all.resolve({ endedAtUs: nowUs(), cpuUs: user + system });
}

/** What the listener does when asked. */
export const handlers = {
  listen: async (name: string): Promise<string> => (await connectingOf(name)).listen(up),

  /** So many connections are to come. */
  expect(count: number): void {
    missing = count;
    all = deferred();
    cpuBefore = process.cpuUsage();
  },

  /** Resolves when they are up here. */
  arrived: (): Promise<Reception> => all.promise,

  footprint,
};
