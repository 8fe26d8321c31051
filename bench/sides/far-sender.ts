/** The side that sends over a line, in a process of its own. */
import process from 'node:process';
import { setTimeout as wait } from 'node:timers/promises';
import { farOf, type FarDialed, type Place } from '../contestants/far.ts';
import { nowUs } from './now.ts';

/** Between one note and the next. At random, so that notes do not keep step with anything. */
const [pauseMinMs, pauseMaxMs] = [50, 100];

/** Whom to dial. */
export interface Destination {
  readonly name: string;
  readonly place: Place;
  readonly bytes: number;
}

let dialed: FarDialed | undefined;
/** When each note was due, by its number. */
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

/** What the sender does when asked. */
export const handlers = {
  async dial({ name, place, bytes }: Destination): Promise<void> {
    dialed = await (await farOf(name)).dial(place, bytes, true);
  },

  /** Dials, and sends one message. Resolves to when it dialed. */
  async dialAndSend({ name, place, bytes }: Destination): Promise<number> {
    const far = await farOf(name);
    const startedAtUs = nowUs();
    const { send } = await far.dial(place, bytes, false);
    await send(0, 1);
    return startedAtUs;
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

  /** Sends that many messages. Resolves with the start time once all are sent. */
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
