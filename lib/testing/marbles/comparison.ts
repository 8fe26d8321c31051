import { isLike } from './like.ts';
import type { Note } from './note.ts';

/** A note as it is drawn: one character. */
export interface Mark {
  readonly frame: number;
  readonly symbol: string;
}

/** An expected diagram and the actual one, with the same letter for the same value. */
export interface Comparison {
  readonly expected: readonly Mark[];
  readonly actual: readonly Mark[];
  /** The values of the letters, in the order of their first use. */
  readonly legend: ReadonlyMap<string, unknown>;
  /** The first frame that differs; undefined if none does. */
  readonly difference: Difference | undefined;
}

/** What was expected and what came in a frame. */
export interface Difference {
  readonly frame: number;
  readonly expected: readonly Mark[];
  readonly actual: readonly Mark[];
}

const symbols = { error: '#', complete: '|', subscribe: '^', unsubscribe: '!' } as const;
/** The letters of values that nobody expected, unless they are in use. */
const spare = Array.from('zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA');

/**
 * Compares two diagrams frame by frame.
 * @param values of all letters that have one, even if the expected diagram does not use them
 */
export function compare(
  expected: readonly Note[],
  actual: readonly Note[],
  values: Readonly<Record<string, unknown>> = {},
): Comparison {
  const naming = new Naming(expected, values);
  const marks = {
    expected: expected.map((note) => naming.expected(note)),
    actual: naming.allActual(actual),
  };
  return { ...marks, legend: naming.legend, difference: firstDifference(marks) };
}

/** Finds the letters of actual values: those of the expected values that they are like. */
class Naming {
  readonly legend = new Map<string, unknown>();
  readonly #expected: readonly Note[];
  /** The notes that have a letter. */
  readonly #lettered: readonly Note[];
  readonly #spare: string[];
  /** The letters of actual values that nobody expected. */
  readonly #unexpected = new Map<string, unknown>();

  constructor(expected: readonly Note[], values: Readonly<Record<string, unknown>>) {
    this.#expected = expected;
    const unused = Object.entries(values).map(([letter, value]): Note => ({
      frame: -1,
      kind: 'value',
      letter,
      value,
    }));
    this.#lettered = [...expected, ...unused];
    const used = new Set(this.#lettered.map(({ letter }) => letter));
    this.#spare = spare.filter((letter) => !used.has(letter));
  }

  expected(note: Note): Mark {
    this.#explain(note);
    return { frame: note.frame, symbol: symbolOf(note) };
  }

  allActual(notes: readonly Note[]): readonly Mark[] {
    let before: Note | undefined;
    let nth = 0;
    return notes.map((note) => {
      nth = note.frame === before?.frame ? nth + 1 : 0;
      before = note;
      return { frame: note.frame, symbol: this.#symbol(note, nth) };
    });
  }

  /** @param nth its place among the notes of its frame */
  #symbol(note: Note, nth: number): string {
    if (note.kind !== 'value' && note.kind !== 'error') return symbols[note.kind];
    // Two letters may have values that are alike.
    const here = this.#expected.filter(({ frame }) => frame === note.frame)[nth];
    const known = [here, ...this.#lettered].find((each) => each !== undefined && fits(note, each));
    if (known === undefined) return this.#unexpectedSymbol(note);
    this.#explain(known);
    return symbolOf(known);
  }

  #explain(note: Note): void {
    const { kind, letter, value } = note;
    if (kind === 'error' ? value !== undefined : letter !== value) {
      this.legend.set(symbolOf(note), value);
    }
  }

  #unexpectedSymbol({ kind, value }: Note): string {
    if (kind === 'error' && !this.#expected.some((each) => each.kind === 'error')) {
      this.legend.set(symbols.error, value);
      return symbols.error;
    }
    for (const [letter, each] of this.#unexpected) if (isLike(value, each)) return letter;
    // A value of one character is its own letter, unless an expected value has it.
    const own = this.#spare.indexOf(String(value));
    const letter = this.#spare.splice(Math.max(0, own), 1)[0] ?? '?';
    this.#unexpected.set(letter, value);
    if (letter !== value) this.legend.set(letter, value);
    return letter;
  }
}

function symbolOf({ kind, letter }: Note): string {
  return kind === 'value' ? (letter ?? '?') : symbols[kind];
}

function fits(actual: Note, expected: Note): boolean {
  if (actual.kind !== expected.kind) return false;
  // A `#` without an error stands for any error.
  if (actual.kind === 'error' && expected.value === undefined) return true;
  return isLike(actual.value, expected.value);
}

function firstDifference(marks: Pick<Comparison, 'expected' | 'actual'>): Difference | undefined {
  const { expected, actual } = marks;
  const length = Math.max(expected.length, actual.length);
  for (let at = 0; at < length; at += 1) {
    const [one, other] = [expected[at], actual[at]];
    if (one?.frame === other?.frame && one?.symbol === other?.symbol) continue;
    const frame = Math.min(one?.frame ?? Infinity, other?.frame ?? Infinity);
    const inFrame = (mark: Mark): boolean => mark.frame === frame;
    return { frame, expected: expected.filter(inFrame), actual: actual.filter(inFrame) };
  }
  return undefined;
}
