import { type Observable, Subscription } from 'rxjs';
import { type Comparison, compare } from './comparison.ts';
import { type Diagram, type Note, subscriptionNotes } from './note.ts';

/** When an Observable was subscribed and unsubscribed, as RxJS's `cold` and `hot` note it. */
export interface SubscribedFrames {
  readonly subscribedFrame: number;
  readonly unsubscribedFrame: number;
}

/** A diagram that is expected, and what happened instead. */
export interface Expectation {
  /** In virtual time. */
  readonly startMs: number;
  readonly diagram: Diagram;
  /** Where in the test it stands. */
  readonly place: Error;
  /** Compares it with what has happened so far. */
  compare(): readonly Comparison[];
  /** Stops watching. */
  end(): void;
}

/** What an Observable emits, with its time. */
export class Recording {
  readonly #notes: (Omit<Note, 'frame'> & { readonly atMs: number })[] = [];
  readonly #subscription = new Subscription();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  subscribe(observable: Observable<unknown>): void {
    const note = (kind: Note['kind'], value?: unknown): void => {
      this.#notes.push({ atMs: this.#now(), kind, value });
    };
    const subscription = observable.subscribe({
      next: (value) => note('value', value),
      error: (error: unknown) => note('error', error),
      complete: () => note('complete'),
    });
    this.#subscription.add(subscription);
  }

  end(): void {
    this.#subscription.unsubscribe();
  }

  /** What was recorded within a diagram. */
  notes(startMs: number, ms: number): readonly Note[] {
    const notes = this.#notes.map(({ atMs, ...note }) => ({ ...note, frame: atMs - startMs }));
    return within(notes, ms);
  }
}

/** Compares the subscriptions of an Observable, each with its diagram. */
export function compareSubscriptions(
  logs: readonly SubscribedFrames[],
  expected: readonly Diagram[],
  startMs: number,
  ms: number,
): readonly Comparison[] {
  const length = Math.max(logs.length, expected.length, 1);
  return Array.from({ length }, (_, at) => {
    const { subscribedFrame = Infinity, unsubscribedFrame = Infinity } = logs[at] ?? {};
    const actual = subscriptionNotes(subscribedFrame - startMs, unsubscribedFrame - startMs);
    return compare(expected[at]?.notes ?? [], within(actual, ms));
  });
}

/**
 * Clocks of lines with a bandwidth have fractions of milliseconds, and these have rounding errors.
 */
const roundingMs = 1e-6;

/** Gives each note the frame in which it happened. */
function within(notes: readonly Note[], ms: number): readonly Note[] {
  return notes
    .map((note) => ({ ...note, frame: Math.floor(note.frame + roundingMs) }))
    .filter(({ frame }) => frame < ms);
}
