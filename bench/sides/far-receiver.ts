/** The far side, in a process of its own: counts what arrives over a line, and when. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { farOf, type Place } from '../contestants/far.ts';
import { deferred } from '../frame/deferred.ts';
import { nowUs } from './now.ts';
import type { Receipt } from './receiver.ts';

/** How many messages had arrived when one turn of the event loop ended. */
interface Mark {
  readonly atUs: number;
  readonly count: number;
}

/** What arrived while it was measured. */
export interface Arrived {
  /** From the end of the first turn in which messages arrived to that of the last one. */
  readonly count: number;
  readonly seconds: number;
  /** When it was measured. */
  readonly fromUs: number;
  readonly toUs: number;
  /** When notes arrived, by their number; also those from before it was measured. */
  readonly notesUs: ReadonlyMap<number, number>;
}

/** The number of the next message. */
let next = 0;
/** The number behind the last message that is waited for, and who waits. */
let end = Infinity;
let receipt = deferred<Receipt>();
let cpuBefore = process.cpuUsage();
let fault: Error | undefined;
let isMarkDue = false;
/** The first one and the last one since it is measured. */
let marks: readonly [first: Mark, last: Mark] | undefined;
const notesUs = new Map<number, number>();

function bulk(seq: number): void {
  if (seq !== next) {
    fault ??= new Error(`message ${seq} came, not ${next}`);
    receipt.reject(fault);
  }
  next = seq + 1;
  if (next === end) {
    const { user, system } = process.cpuUsage(cpuBefore);
    receipt.resolve({ endedAtUs: nowUs(), cpuUs: user + system });
  }
  if (isMarkDue) return;
  isMarkDue = true;
  setImmediate(mark);
}

/**
 * What arrives in one turn arrives together: a rate counts from the end of a turn to that of
 * another one.
 */
function mark(): void {
  isMarkDue = false;
  const last = { atUs: nowUs(), count: next };
  marks = [marks?.[0] ?? last, last];
}

function note(seq: number): void {
  notesUs.set(seq, nowUs());
}

function sinceBegun(): readonly [first: Mark, last: Mark] {
  if (fault !== undefined) throw fault;
  if (marks === undefined || marks[0] === marks[1]) throw new Error('nothing came any more');
  return marks;
}

/** What the far side does when asked. */
export const handlers = {
  listen: async ({ name, bytes }: { name: string; bytes: number }): Promise<Place> =>
    (await farOf(name)).listen(bytes, { bulk, note }),

  /** What arrives in `forMs`, after `afterMs`. */
  async measure({ afterMs, forMs }: { afterMs: number; forMs: number }): Promise<Arrived> {
    await wait(afterMs);
    const fromUs = nowUs();
    marks = undefined;
    await wait(forMs);
    const [from, to] = sinceBegun();
    const seconds = (to.atUs - from.atUs) / 1e6;
    return { count: to.count - from.count, seconds, fromUs, toUs: nowUs(), notesUs };
  },

  /** So many messages are to come, numbered from `first` on. */
  expect({ first, count }: { first: number; count: number }): void {
    next = first;
    end = first + count;
    receipt = deferred();
    // It is asked for later, and may have been rejected by then.
    receipt.promise.catch((error: unknown) => (fault ??= error as Error));
    cpuBefore = process.cpuUsage();
  },

  /** Resolves when they are there, in order. */
  arrived: (): Promise<Receipt> => receipt.promise,
};
