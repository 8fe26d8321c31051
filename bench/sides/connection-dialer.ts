/** The side that makes connections, in a process of its own. */
import process from 'node:process';
import { connectingOf, type Connected, type Dialer } from '../contestants/connecting.ts';
import { footprint } from './footprint.ts';
import { nowUs } from './now.ts';

/** When some connections were begun and ended here, and the processor time for it. */
export interface Dialing {
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  readonly cpuUs: number;
}

/** How many connections, and how many of them on their way at a time. */
export interface Amount {
  readonly count: number;
  readonly atATime: number;
}

let dialer: Dialer | undefined;
const held: Connected[] = [];

/** Does something so many times, so many at a time. */
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

/** What the dialer does when asked. */
export const handlers = {
  async dialer(to: { name: string; address: string; nodes: number }): Promise<void> {
    dialer = await (await connectingOf(to.name)).dialer(to.address, to.nodes);
  },

  /** Connects and closes again, so many times. */
  async cycle(amount: Amount): Promise<Dialing> {
    const cpuBefore = process.cpuUsage();
    const startedAtUs = nowUs();
    await repeat(amount, async () => (await connect()).close());
    const endedAtUs = nowUs();
    const { user, system } = process.cpuUsage(cpuBefore);
    return { startedAtUs, endedAtUs, cpuUs: user + system };
  },

  /** Connects so many times, and keeps the connections. */
  async hold(amount: Amount): Promise<void> {
    await repeat(amount, async () => held.push(await connect()));
  },

  footprint,
};
