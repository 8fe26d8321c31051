/** The far side, in a process of its own: counts what arrives over a line, and when. */
import { setTimeout as wait } from 'node:timers/promises';
import { farOf, type Place } from '../contestants/far.ts';
import { nowUs } from './now.ts';

/** How many messages had arrived when one turn of the event loop ended. */
interface Mark {
  readonly atUs: number;
  readonly count: number;
}

/** What arrived while it was measured. */
export interface Arrived {
  /** From the first turn in which messages arrived to the last one. */
  readonly count: number;
  readonly seconds: number;
  readonly fromUs: number;
  readonly toUs: number;
  /** When notes arrived, by their number, the ones before it was measured too. */
  readonly notesUs: ReadonlyMap<number, number>;
}

let next = 0;
let fault: Error | undefined;
let isMarkDue = false;
/** The first one and the last one since it is measured. */
let marks: readonly [first: Mark, last: Mark] | undefined;
const notesUs = new Map<number, number>();

function bulk(seq: number): void {
  if (seq !== next) fault ??= new Error(`message ${seq} came, not ${next}`);
  next = seq + 1;
  if (isMarkDue) return;
  isMarkDue = true;
  setImmediate(mark);
}

/** What arrives in one turn arrives together: a rate counts from the end of one turn to the end of another. */
function mark(): void {
  isMarkDue = false;
  const last = { atUs: nowUs(), count: next };
  marks = [marks?.[0] ?? last, last];
}

function sinceBegun(): readonly [first: Mark, last: Mark] {
  if (marks === undefined || marks[0] === marks[1]) throw new Error('too little came');
  return marks;
}

function note(seq: number): void {
  notesUs.set(seq, nowUs());
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
    if (fault !== undefined) throw fault;
    const [from, to] = sinceBegun();
    const seconds = (to.atUs - from.atUs) / 1e6;
    return { count: to.count - from.count, seconds, fromUs, toUs: nowUs(), notesUs };
  },
};
