import type { RouterEvent } from '../index.ts';
import { eventLine } from '../router/event-line.ts';
import type { EventRow } from './view.ts';

/** How many events are kept for pages that open later. */
export const eventsKeptMax = 500;
/** How many events one update has at most. */
export const eventsPerUpdateMax = 50;

interface Logged {
  readonly atMs: number;
  readonly event: RouterEvent;
}

/** The most recent events, in a ring: recording one only writes to an array. */
export class EventLog {
  readonly #logged: (Logged | undefined)[] = new Array<undefined>(eventsKeptMax).fill(undefined);
  #count = 0;

  add(atMs: number, event: RouterEvent): void {
    this.#logged[this.#count % eventsKeptMax] = { atMs, event };
    this.#count += 1;
  }

  /** The number of the next event. */
  get end(): number {
    return this.#count;
  }

  /** The newest events from number `from` on, and how many were left out. */
  since(from: number, max: number): { events: readonly EventRow[]; missed: number } {
    const first = Math.max(from, this.#count - Math.min(max, eventsKeptMax));
    const events: EventRow[] = [];
    for (let seq = first; seq < this.#count; seq += 1) {
      const logged = this.#logged[seq % eventsKeptMax];
      if (logged === undefined) continue;
      const { atMs, event } = logged;
      events.push({ seq, atMs, type: event.type, ...eventLine(event) });
    }
    return { events, missed: first - from };
  }
}
