/** The side that accepts connections, in its own process. */
import process from 'node:process';
import { connectingOf } from '../contestants/connecting.ts';
import { deferred } from '../frame/deferred.ts';
import { footprint } from './footprint.ts';
import { nowUs } from './now.ts';

/** When the last expected connection was up on this side, and the processor time until then. */
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

/** Requests that the listener handles. */
export const handlers = {
  listen: async (name: string): Promise<string> => (await connectingOf(name)).listen(up),

  /** Expects `count` connections. */
  expect(count: number): void {
    missing = count;
    all = deferred();
    cpuBefore = process.cpuUsage();
  },

  /** Resolves when the expected connections are up on this side. */
  arrived: (): Promise<Reception> => all.promise,

  footprint,
};
