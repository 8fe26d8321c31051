/** The side that makes connections, in its own process. */
import process from 'node:process';
import { connectingOf, type Connected, type Dialer } from '../contestants/connecting.ts';
import { footprint } from './footprint.ts';
import { nowUs } from './now.ts';

/** When a series of connections started and ended on this side, and the processor time it took. */
export interface Dialing {
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  readonly cpuUs: number;
}

/** The number of connections, and how many to make concurrently. */
export interface Amount {
  readonly count: number;
  readonly atATime: number;
}

let dialer: Dialer | undefined;
const held: Connected[] = [];

/** Repeats `work` `count` times, `atATime` of them concurrently. */
async function repeat({ count, atATime }: Amount, work: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: atATime }, one));
}

function connect(): Promise<Connected> {
  if (dialer === undefined) throw new Error('there is no dialer');
  return dialer.connect();
}

/** Requests that the dialer handles. */
export const handlers = {
  async dialer(to: { name: string; address: string; nodes: number }): Promise<void> {
    dialer = await (await connectingOf(to.name)).dialer(to.address, to.nodes);
  },

  /** Opens and closes connections. */
  async cycle(amount: Amount): Promise<Dialing> {
    const cpuBefore = process.cpuUsage();
    const startedAtUs = nowUs();
    await repeat(amount, async () => (await connect()).close());
    const endedAtUs = nowUs();
    const { user, system } = process.cpuUsage(cpuBefore);
    return { startedAtUs, endedAtUs, cpuUs: user + system };
  },

  /** Opens connections and keeps them. */
  async hold(amount: Amount): Promise<void> {
    await repeat(amount, async () => held.push(await connect()));
  },

  footprint,
};
