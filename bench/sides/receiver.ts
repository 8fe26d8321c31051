/** The receiving side, in its own process. Counts messages and checks that none is lost. */
import process from 'node:process';
import type { Setup } from '../contestants/contestant.ts';
import { contestantOf } from '../contestants/index.ts';
import { deferred } from '../frame/deferred.ts';
import { nowUs } from './now.ts';

/** When all messages had arrived, and the processor time that took on this side. */
export interface Receipt {
  readonly endedAtUs: number;
  readonly cpuUs: number;
}

/** The next message number expected on each channel. */
let next: number[] = [];
/** How many messages are expected, over all channels. */
let expected = 0;
/** How many messages have arrived since `expect`. */
let came = 0;
let cpuBefore = process.cpuUsage();
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
  const { user, system } = process.cpuUsage(cpuBefore);
  receipt.resolve({ endedAtUs: nowUs(), cpuUs: user + system });
}

/** Requests that a receiver handles. */
export const handlers = {
  async listen({ name, setup }: { name: string; setup: Setup }): Promise<string> {
    next = Array.from({ length: setup.channels }, () => 0);
    return (await contestantOf(name)).listen(setup, take);
  },

  /**
   * Expects `count` messages over all channels. Pass Infinity if `until` will set the number later.
   */
  expect(count: number): void {
    if (fault !== undefined) throw fault;
    expected = count;
    came = 0;
    receipt = deferred();
    // `arrived` is requested later, and the promise may already be rejected by then.
    receipt.promise.catch((error: unknown) => (fault ??= error as Error));
    cpuBefore = process.cpuUsage();
  },

  /** Sets the expected number of messages since `expect`. */
  until(count: number): void {
    expected = count;
    if (came === count) finish();
  },

  /** Resolves when the expected messages have arrived in order. */
  arrived: (): Promise<Receipt> => receipt.promise,
};
