/** The side that sends over a line, in a process of its own. */
import { setTimeout as wait } from 'node:timers/promises';
import { farOf, type FarDialed, type Place } from '../contestants/far.ts';
import { nowUs } from './now.ts';

/** Between one note and the next, in ms. They are at random, so that notes do not keep step with anything. */
const [pauseMinMs, pauseMaxMs] = [50, 100];

let dialed: FarDialed | undefined;
/** When each note was due, by its number. */
const dueUs: number[] = [];

function peer(): FarDialed {
  if (dialed === undefined) throw new Error('the sender has not dialed');
  return dialed;
}

async function sendNotes(): Promise<void> {
  for (;;) {
    const pauseMs = pauseMinMs + Math.random() * (pauseMaxMs - pauseMinMs);
    const due = nowUs() + pauseMs * 1000;
    await wait(pauseMs);
    peer().note(dueUs.push(due) - 1);
  }
}

function fail(error: unknown): void {
  fault ??= error instanceof Error ? error : new Error(String(error));
}

let fault: Error | undefined;

/** What the sender does when asked. */
export const handlers = {
  async dial(to: { name: string; place: Place; bytes: number }): Promise<void> {
    dialed = await (await farOf(to.name)).dial(to.place, to.bytes, true);
  },

  /** Sends without an end, and a note now and then. */
  begin(): void {
    peer().send(0, Infinity).catch(fail);
    sendNotes().catch(fail);
  },

  /** When each note was due that has been sent, by its number. */
  notes(): readonly number[] {
    if (fault !== undefined) throw fault;
    return dueUs;
  },
};
