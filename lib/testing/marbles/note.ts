import { TestScheduler } from 'rxjs/testing';
import { mustBe } from '../../model/described.ts';

/** What happens in one frame of a diagram. */
export interface Note {
  /** In milliseconds from the start of the diagram. */
  readonly frame: number;
  readonly kind: 'value' | 'error' | 'complete' | 'subscribe' | 'unsubscribe';
  /** The letter of a value. */
  readonly letter?: string;
  /** The value, or the error. */
  readonly value?: unknown;
}

/** A diagram that was read from a string. */
export interface Diagram {
  readonly notes: readonly Note[];
  /** How long it is, in milliseconds. */
  readonly ms: number;
}

const kinds = { N: 'value', E: 'error', C: 'complete' } as const;
/** Stands after a diagram, to see where it ends. */
const end = '|';

/**
 * Reads a diagram as RxJS does in `TestScheduler.run`: one frame is 1 ms, and spaces take no time.
 */
export function readDiagram(marbles: string): Diagram {
  checkText(marbles);
  // A time such as `60ms` needs the space, also at the end of a diagram.
  const messages = inRunMode(() =>
    TestScheduler.parseMarbles(`${marbles} ${end}`, undefined, undefined, false, true),
  );
  const ms = messages.pop()?.frame ?? 0;
  const notes = messages.map(({ frame, notification }): Note => {
    const kind = kinds[notification.kind];
    if (notification.kind !== 'N') return { frame, kind };
    const letter = String(notification.value);
    return { frame, kind, letter, value: letter };
  });
  return { notes, ms };
}

/** Reads when something is subscribed and unsubscribed: `--^---!`. */
export function readSubscription(marbles: string): Diagram {
  checkText(marbles);
  const { subscribedFrame, unsubscribedFrame } = inRunMode(() =>
    TestScheduler.parseMarblesAsSubscriptions(`${marbles} `, true),
  );
  // The markers are as long as letters.
  const { ms } = readDiagram(marbles.replaceAll(/[!^]/g, 'x'));
  return { notes: subscriptionNotes(subscribedFrame, unsubscribedFrame), ms };
}

/** The notes of a subscription. Without an end, its frame is `Infinity`. */
export function subscriptionNotes(subscribedFrame: number, unsubscribedFrame: number): Note[] {
  const notes: Note[] = [
    { frame: subscribedFrame, kind: 'subscribe' },
    { frame: unsubscribedFrame, kind: 'unsubscribe' },
  ];
  return notes.filter(({ frame }) => frame < Infinity);
}

/** The values of a diagram, in place of its letters. */
export function valuesOf(
  { notes, ms }: Diagram,
  values: Readonly<Record<string, unknown>> | undefined,
  error: unknown,
): Diagram {
  const valued = notes.map((note): Note => {
    if (note.kind === 'error') return { ...note, value: error };
    if (note.letter === undefined || values === undefined) return note;
    if (Object.hasOwn(values, note.letter)) return { ...note, value: values[note.letter] };
    throw new RangeError(`a diagram has '${note.letter}', but its values do not`);
  });
  return { notes: valued, ms };
}

/** @throws {TypeError} unless it is a string */
function checkText(marbles: unknown): void {
  if (typeof marbles !== 'string') throw new TypeError(mustBe('a diagram', 'a string', marbles));
}

/* eslint-disable @typescript-eslint/no-deprecated -- deprecated for VirtualTimeScheduler only */
/** Outside of `run`, RxJS counts ten frames for a dash, but one for a millisecond. */
function inRunMode<T>(read: () => T): T {
  const factor = TestScheduler.frameTimeFactor;
  TestScheduler.frameTimeFactor = 1;
  try {
    return read();
  } finally {
    TestScheduler.frameTimeFactor = factor;
  }
}
