/** The side that sends over a line, in its own process. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { farOf, type FarDialed, type Place } from '../contestants/far.ts';
import { nowUs } from './now.ts';

/** Pause between notes, randomized so that notes do not synchronize with anything. */
const [pauseMinMs, pauseMaxMs] = [50, 100];

/** The receiver to dial. */
export interface Destination {
  readonly name: string;
  readonly place: Place;
  readonly bytes: number;
}

let dialed: FarDialed | undefined;
/** When each note was due, by number. */
const dueUs: number[] = [];
let fault: Error | undefined;
let cpuBefore = process.cpuUsage();

function peer(): FarDialed {
  if (dialed === undefined) throw new Error('the sender has not dialed');
  return dialed;
}

function fail(error: unknown): void {
  fault ??= error instanceof Error ? error : new Error(String(error));
}

async function sendNotes(): Promise<void> {
  for (;;) {
    const pauseMs = pauseMinMs + Math.random() * (pauseMaxMs - pauseMinMs);
    const due = nowUs() + pauseMs * 1000;
    await wait(pauseMs);
    peer().note(dueUs.push(due) - 1);
  }
}

/** Requests that the sender handles. */
export const handlers = {
  async dial({ name, place, bytes }: Destination): Promise<void> {
    dialed = await (await farOf(name)).dial(place, bytes, true);
  },

  /** Dials and sends one message. Resolves to the time of the dial. */
  async dialAndSend({ name, place, bytes }: Destination): Promise<number> {
    const far = await farOf(name);
    const startedAtUs = nowUs();
    const { send } = await far.dial(place, bytes, false);
    await send(0, 1);
    return startedAtUs;
  },

  /** Starts sending without end, with a note now and then. */
  begin(): void {
    peer().send(0, Infinity).catch(fail);
    sendNotes().catch(fail);
  },

  /** When each note sent so far was due, by number. */
  notes(): readonly number[] {
    if (fault !== undefined) throw fault;
    return dueUs;
  },

  /** Sends messages. Resolves to the start time once all are sent. */
  async send({ first, count }: { first: number; count: number }): Promise<number> {
    cpuBefore = process.cpuUsage();
    const startedAtUs = nowUs();
    await peer().send(first, count);
    return startedAtUs;
  },

  /** Processor time since `send`, in microseconds. */
  cpuUs(): number {
    const { user, system } = process.cpuUsage(cpuBefore);
    return user + system;
  },
};
