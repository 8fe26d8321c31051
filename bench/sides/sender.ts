/** The sending side, in its own process. */
import type { Contestant, Dialed, Setup } from '../contestants/contestant.ts';
import { contestantOf } from '../contestants/index.ts';
import { cpuUsOf } from './cpu.ts';
import { pingUnderLoad, type Load, type Pinged } from './load.ts';
import { nowUs } from './now.ts';

let contestant: Contestant | undefined;
let dialed: Dialed | undefined;
/** The number of the next message, on each channel. */
let next: number[] = [];
let cpuBeforeUs = 0;

function peer(): Dialed {
  if (dialed === undefined) throw new Error('the sender has not dialed');
  return dialed;
}

/** Requests that a sender handles. */
export const handlers = {
  async dial(to: { name: string; address: string; setup: Setup }): Promise<void> {
    next = Array.from({ length: to.setup.channels }, () => 0);
    contestant = await contestantOf(to.name);
    dialed = await contestant.dial(to.address, to.setup);
  },

  /**
   * Sends `count` messages on each channel, on all channels concurrently. Resolves to the start
   * time once all are sent.
   */
  async send(count: number): Promise<number> {
    cpuBeforeUs = await cpuUsOf(contestant);
    const startedAtUs = nowUs();
    await Promise.all(
      next.map((first, channel) => {
        next[channel] = first + count;
        return peer().send(channel, first, count);
      }),
    );
    return startedAtUs;
  },

  /** Sends pings along with a load, and resolves to the results. */
  async pings(load: Load): Promise<Pinged> {
    const pinged = await pingUnderLoad(peer(), next[0] ?? 0, load);
    next[0] = (next[0] ?? 0) + pinged.count;
    return pinged;
  },

  /** Processor time since `send`, in microseconds. */
  async cpuUs(): Promise<number> {
    return (await cpuUsOf(contestant)) - cpuBeforeUs;
  },
};
