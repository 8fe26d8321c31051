/** The far side, in its own process. Records what arrives over a line, and when. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { farOf, type Place } from '../contestants/far.ts';
import { deferred } from '../frame/deferred.ts';
import { nowUs } from './now.ts';
import type { Receipt } from './receiver.ts';

/** How many messages had arrived at the end of a turn of the event loop. */
interface Mark {
  readonly atUs: number;
  readonly count: number;
}

/** What arrived during a measurement. */
export interface Arrived {
  /**
   * Messages between the end of the first turn in which messages arrived and the end of the last.
   */
  readonly count: number;
  readonly seconds: number;
  /** Start and end of the measurement. */
  readonly fromUs: number;
  readonly toUs: number;
  /** When notes arrived, by number, including those from before the measurement. */
  readonly notesUs: ReadonlyMap<number, number>;
}

/** The number of the next message. */
let next = 0;
/** One past the number of the last expected message; `receipt` resolves once that one arrives. */
let end = Infinity;
let receipt = deferred<Receipt>();
let cpuBefore = process.cpuUsage();
let fault: Error | undefined;
let isMarkDue = false;
/** The first and the last mark of this measurement. */
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
 * Messages that arrive in the same turn count as arriving together, so rates are measured from the
 * end of one turn to the end of another.
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

/** Requests that the far side handles. */
export const handlers = {
  listen: async ({ name, bytes }: { name: string; bytes: number }): Promise<Place> =>
    (await farOf(name)).listen(bytes, { bulk, note }),

  /** Measures what arrives in `forMs`, after `afterMs`. */
  async measure({ afterMs, forMs }: { afterMs: number; forMs: number }): Promise<Arrived> {
    await wait(afterMs);
    const fromUs = nowUs();
    marks = undefined;
    await wait(forMs);
    const [from, to] = sinceBegun();
    const seconds = (to.atUs - from.atUs) / 1e6;
    return { count: to.count - from.count, seconds, fromUs, toUs: nowUs(), notesUs };
  },

  /** Expects `count` messages, numbered from `first`. */
  expect({ first, count }: { first: number; count: number }): void {
    next = first;
    end = first + count;
    receipt = deferred();
    // `arrived` is requested later, and the promise may already be rejected by then.
    receipt.promise.catch((error: unknown) => (fault ??= error as Error));
    cpuBefore = process.cpuUsage();
  },

  /** Resolves when the expected messages have arrived in order. */
  arrived: (): Promise<Receipt> => receipt.promise,
};
