import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { RouterEvent } from '../model/event.ts';
import { type EventLine, eventLine } from './event-line.ts';

/** How long what repeats is added up after its first line, before it is written again. */
const repeatMs = 10_000;
/** How many kinds of events are added up at once. Events of further kinds are not. */
const repeatKindsMax = 256;

/** Since when events of a kind are only added up. */
interface Repeat {
  readonly sinceMs: number;
  events: number;
  /** The messages of these events, if they are about messages. */
  messages: number;
  /** The last of them. */
  event: RouterEvent | undefined;
}

/**
 * Adds up events that repeat: messages dropped for the same reason, and reports of the same fault.
 * The first of a kind is a line of its own, those of the next 10 s are one line at the end of them,
 * and so on. A kind of which none came for 10 s is new again.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #write: (line: EventLine) => void;
  /** In the order of `sinceMs`. */
  readonly #repeats = new Map<string, Repeat>();
  #timer: Subscription | undefined;

  /** @param write called with the line that sums up a kind */
  constructor(clock: Clock, write: (line: EventLine) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Returns true if the event repeats another one: then it is only added up. */
  take(event: RouterEvent): boolean {
    const kind = kindOf(event);
    if (kind === undefined) return false;
    const repeat = this.#repeats.get(kind);
    if (repeat === undefined) {
      this.#start(kind);
      return false;
    }
    repeat.events += 1;
    repeat.event = event;
    if (event.type === 'message-dropped') repeat.messages += event.count;
    return true;
  }

  /** Writes what has been added up so far, and begins anew. */
  flush(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    const repeats = [...this.#repeats.values()];
    this.#repeats.clear();
    for (const repeat of repeats) this.#sumUp(repeat);
  }

  #start(kind: string): void {
    if (this.#repeats.size >= repeatKindsMax) return;
    const sinceMs = this.#clock.now();
    this.#repeats.set(kind, { sinceMs, events: 0, messages: 0, event: undefined });
    this.#timer ??= this.#clock.schedule(this.#look, repeatMs);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    for (const [kind, repeat] of [...this.#repeats]) {
      const leftMs = repeat.sinceMs + repeatMs - nowMs;
      if (leftMs > 0) {
        this.#timer ??= this.#clock.schedule(this.#look, Math.min(leftMs, repeatMs));
        break;
      }
      this.#repeats.delete(kind);
      if (repeat.events === 0) continue;
      this.#sumUp(repeat);
      this.#start(kind);
    }
  };

  #sumUp({ event, events, messages }: Repeat): void {
    if (event === undefined) return;
    if (event.type === 'message-dropped') {
      const { level, text } = eventLine({ ...event, count: messages });
      this.#write({ level, text: `since then: ${text}` });
      return;
    }
    const { level, text } = eventLine(event);
    this.#write({ level, text: events === 1 ? text : `since then, ${events} times: ${text}` });
  }
}

/** What repeats the same thing has the same text here. */
function kindOf(event: RouterEvent): string | undefined {
  if (event.type === 'message-dropped') {
    const { direction, channel, reason, peer } = event;
    return `${direction} ${channel} ${reason} ${peer}`;
  }
  if (event.type === 'peer-reported') {
    const { peer, severity, error } = event;
    return `${severity} ${error.code} ${peer}`;
  }
  return undefined;
}
