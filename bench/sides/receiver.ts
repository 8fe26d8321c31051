/** The receiving side, in its own process. Counts messages and checks that none is lost. */
import type { Contestant, Setup } from '../contestants/contestant.ts';
import { contestantOf } from '../contestants/index.ts';
import { deferred } from '../frame/deferred.ts';
import { cpuUsOf } from './cpu.ts';
import { nowUs } from './now.ts';

/** When all messages had arrived, and the processor time that took on this side. */
export interface Receipt {
  readonly endedAtUs: number;
  readonly cpuUs: number;
}

let contestant: Contestant | undefined;
/** The next message number expected on each channel. */
let next: number[] = [];
/** How many messages are expected, over all channels. */
let expected = 0;
/** How many messages have arrived since `expect`. */
let came = 0;
let cpuBeforeUs = 0;
let receipt = deferred<Receipt>();
let fault: Error | undefined;

function take(channel: number, seq: number): void {
  if (seq !== next[channel] || came >= expected) {
    fault ??= new Error(
      came >= expected
        ? `channel ${channel}: message ${seq} is one too many`
        : `channel ${channel}: message ${seq} came, not ${next[channel] ?? 'any'}`,
    );
    receipt.reject(fault);
    return;
  }
  next[channel] = seq + 1;
  came += 1;
  if (came === expected) finish();
}

function finish(): void {
  const endedAtUs = nowUs();
  const { resolve, reject } = receipt;
  void cpuUsOf(contestant).then(
    (cpuUs) => resolve({ endedAtUs, cpuUs: cpuUs - cpuBeforeUs }),
    reject,
  );
}

/** Requests that a receiver handles. */
export const handlers = {
  async listen({ name, setup }: { name: string; setup: Setup }): Promise<string> {
    next = Array.from({ length: setup.channels }, () => 0);
    contestant = await contestantOf(name);
    return contestant.listen(setup, take);
  },

  /**
   * Expects `count` messages over all channels. Pass Infinity if `until` will set the number later.
   */
  async expect(count: number): Promise<void> {
    if (fault !== undefined) throw fault;
    expected = count;
    came = 0;
    receipt = deferred();
    // `arrived` is requested later, and the promise may already be rejected by then.
    receipt.promise.catch((error: unknown) => (fault ??= error as Error));
    cpuBeforeUs = await cpuUsOf(contestant);
  },

  /** Sets the expected number of messages since `expect`. */
  until(count: number): void {
    expected = count;
    if (came === count) finish();
  },

  /** Resolves when the expected messages have arrived in order. */
  arrived: (): Promise<Receipt> => receipt.promise,
};
