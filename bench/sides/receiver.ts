/** The side that receives, in a process of its own: counts, and sees to it that nothing is lost. */
import process from 'node:process';
import type { Setup } from '../contestants/contestant.ts';
import { contestantOf } from '../contestants/index.ts';
import { deferred } from '../frame/deferred.ts';
import { nowUs } from './now.ts';

/** That all has arrived: when, and how much processor time that took here. */
export interface Receipt {
  readonly endedAtUs: number;
  readonly cpuUs: number;
}

/** The number that each channel has to bring next. */
let next: number[] = [];
/** How many are to come, on all channels together. */
let expected = 0;
/** How many came since `expect`. */
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

/** What a receiver does when asked. */
export const handlers = {
  async listen({ name, setup }: { name: string; setup: Setup }): Promise<string> {
    next = Array.from({ length: setup.channels }, () => 0);
    return (await contestantOf(name)).listen(setup, take);
  },

  /**
   * So many messages are to come, on all channels together; infinitely many, if `until` says it
   * later.
   */
  expect(count: number): void {
    if (fault !== undefined) throw fault;
    expected = count;
    came = 0;
    receipt = deferred();
    // It is asked for later, and may have been rejected by then.
    receipt.promise.catch((error: unknown) => (fault ??= error as Error));
    cpuBefore = process.cpuUsage();
  },

  /** So many are to come, counted from `expect` on. */
  until(count: number): void {
    expected = count;
    if (came === count) finish();
  },

  /** Resolves when they are there, in order. */
  arrived: (): Promise<Receipt> => receipt.promise,
};
