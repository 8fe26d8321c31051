import type { Observable } from 'rxjs';
import type { VirtualClock } from '../virtual-clock.ts';
import {
  compareSubscriptions,
  type Expectation,
  Recording,
  type SubscribedFrames,
} from './expectation.ts';
import { compare } from './comparison.ts';
import type { Like } from './like.ts';
import { readDiagram, readSubscription, valuesOf } from './note.ts';
import { report, type ReportContext } from './report.ts';

/** What `Simulation.expect` returns. */
export interface ExpectedObservable<T> {
  /**
   * The diagram, in the syntax of `TestScheduler.run`. Each value has to be like that of its
   * letter, or, without `values`, the letter itself. A `#` without an `error` stands for any error.
   */
  toBe(
    marbles: string,
    values?: Readonly<Record<string, Like<T>>>,
    error?: Like<Error & { readonly code: string }>,
  ): void;
}

/** What `Simulation.expectSubscriptions` returns. */
export interface ExpectedSubscriptions {
  /** A diagram for each subscription, in the syntax of RxJS: `--^---!`. */
  toBe(marbles: string | readonly string[]): void;
}

/** The expected diagrams of a simulation, which are checked together once the longest has ended. */
export class Diagrams {
  readonly #clock: VirtualClock;
  readonly #context: Omit<ReportContext, 'ms'>;
  #expectations: Expectation[] = [];
  /** When the longest diagram ends. */
  #endMs = 0;
  #isScheduled = false;

  constructor(clock: VirtualClock, context: Omit<ReportContext, 'ms'>) {
    this.#clock = clock;
    this.#context = context;
  }

  /** When the last thing in a diagram happens, in virtual time. */
  get endMs(): number {
    return this.#endMs;
  }

  at(marbles: string, works: Readonly<Record<string, () => void>>): void {
    const diagram = valuesOf(readDiagram(marbles), works, undefined);
    for (const { frame, letter = '' } of diagram.notes) {
      this.#clock.scheduler.schedule(() => works[letter]?.(), frame);
    }
    this.#lasts(diagram.ms);
  }

  expect<T>(observable: Observable<T>, subscription = '^'): ExpectedObservable<T> {
    const { scheduler } = this.#clock;
    const startMs = this.#clock.now();
    const subscribed = readSubscription(subscription);
    const recording = new Recording(() => this.#clock.now());
    for (const { frame, kind } of subscribed.notes) {
      const isStart = kind === 'subscribe';
      const work = (): void => (isStart ? recording.subscribe(observable) : recording.end());
      scheduler.schedule(work, frame);
    }
    return {
      toBe: (marbles, values, error) => {
        const diagram = valuesOf(readDiagram(marbles), values, error);
        this.#expect({
          startMs,
          diagram: { ...diagram, ms: Math.max(diagram.ms, subscribed.ms) },
          place: new Error(),
          compare: () => {
            const actual = recording.notes(startMs, this.#endMs - startMs);
            return [compare(diagram.notes, actual, values)];
          },
          end: () => recording.end(),
        });
      },
    };
  }

  expectSubscriptions(logs: readonly SubscribedFrames[]): ExpectedSubscriptions {
    const startMs = this.#clock.now();
    return {
      toBe: (marbles) => {
        const diagrams = [marbles].flat().map((each) => readSubscription(each));
        this.#expect({
          startMs,
          diagram: { notes: [], ms: Math.max(0, ...diagrams.map(({ ms }) => ms)) },
          place: new Error(),
          compare: () => compareSubscriptions(logs, diagrams, startMs, this.#endMs - startMs),
          end: () => undefined,
        });
      },
    };
  }

  #expect(expectation: Expectation): void {
    this.#expectations.push(expectation);
    this.#lasts(expectation.startMs + expectation.diagram.ms - this.#clock.now());
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#checkLater();
  }

  #lasts(ms: number): void {
    this.#endMs = Math.max(this.#endMs, this.#clock.now() + ms);
  }

  #checkLater(): void {
    const { scheduler } = this.#clock;
    scheduler.schedule(
      () => {
        if (this.#clock.now() < this.#endMs) this.#checkLater();
        else this.#check();
      },
      Math.max(0, this.#endMs - this.#clock.now()),
    );
  }

  /** @throws {Error} with all diagrams, if one of them differs */
  #check(): void {
    const expectations = this.#expectations;
    this.#expectations = [];
    this.#isScheduled = false;
    const compared = expectations.map((each) => ({
      comparisons: each.compare(),
      place: each.place,
    }));
    for (const expectation of expectations) expectation.end();
    const wrong = compared.find(({ comparisons }) =>
      comparisons.some(({ difference }) => difference !== undefined),
    );
    if (wrong === undefined) return;
    const ms = this.#endMs - Math.min(...expectations.map(({ startMs }) => startMs));
    const all = compared.flatMap(({ comparisons }) => comparisons);
    throw failure(report(all, { ...this.#context, ms }), wrong.place);
  }
}

/** An error that points at the place of a diagram in the test. */
function failure(message: string, place: Error): Error {
  const error = new Error(message);
  // The first frame is that of `toBe`.
  const frames = (place.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(1);
  if (frames.length > 0) error.stack = `Error: ${message}\n${frames.join('\n')}`;
  return error;
}
