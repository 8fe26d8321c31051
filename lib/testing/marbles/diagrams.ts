import { isObservable, type Observable, type Subscription } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { mustBe } from '../../model/described.ts';
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
  readonly #scheduler: TestScheduler | undefined;
  #expectations: Expectation[] = [];
  /** The places of those that have no diagram yet. */
  readonly #incomplete = new Set<Error>();
  /** When the longest diagram ends. */
  #endMs = 0;
  /** Waits for the end of the longest diagram. */
  #checking: Subscription | undefined;
  /** Another one after `clear`. */
  #round = 0;

  /** @param scheduler that of the clock, unless it is of the caller's making */
  constructor(
    clock: VirtualClock,
    context: Omit<ReportContext, 'ms'>,
    scheduler: TestScheduler | undefined,
  ) {
    this.#clock = clock;
    this.#context = context;
    this.#scheduler = scheduler;
  }

  /** When the last thing in a diagram happens, in virtual time. */
  get endMs(): number {
    return this.#endMs;
  }

  /** @throws {Error} as `Simulation.run` */
  run(test: Parameters<TestScheduler['run']>[0]): void {
    if (this.#scheduler === undefined) {
      throw new TypeError('run: call that of the scheduler instead');
    }
    if (typeof test !== 'function') {
      throw new TypeError(`run: ${mustBe('test', 'a function', test)}`);
    }
    try {
      this.#scheduler.run(test);
      this.checkComplete();
    } finally {
      this.#incomplete.clear();
    }
  }

  /** @throws {Error} if something is expected without a diagram; once */
  checkComplete(): void {
    const [place] = this.#incomplete;
    this.#incomplete.clear();
    if (place !== undefined) throw place;
  }

  /** Gets ready for a test, whatever became of the one before it. */
  begin(): void {
    this.#clock.wake();
    this.#forgetDropped();
  }

  /** Forgets everything that is expected, and what `at` has planned: the test has failed. */
  clear(): void {
    for (const expectation of this.#expectations) expectation.end();
    this.#expectations = [];
    this.#checking?.unsubscribe();
    this.#checking = undefined;
    this.#endMs = 0;
    this.#round += 1;
  }

  at(marbles: string, works: Readonly<Record<string, () => void>>): void {
    checkWorks(works);
    this.#forgetDropped();
    const diagram = valuesOf(readDiagram(marbles), works, undefined);
    for (const { frame, letter = '' } of diagram.notes) {
      this.#schedule(() => works[letter]?.(), frame);
    }
    this.#lasts(diagram.ms);
  }

  expect<T>(observable: Observable<T>, subscription = '^'): ExpectedObservable<T> {
    if (!isObservable(observable)) {
      throw new TypeError(`expect: ${mustBe('observable', 'an Observable', observable)}`);
    }
    this.#forgetDropped();
    const startMs = this.#clock.now();
    const subscribed = readSubscription(subscription);
    const recording = new Recording(() => this.#clock.now());
    for (const { frame, kind } of subscribed.notes) {
      const isStart = kind === 'subscribe';
      const work = (): void => (isStart ? recording.subscribe(observable) : recording.end());
      this.#schedule(work, frame);
    }
    const completed = this.#begin('expect');
    return {
      toBe: (marbles, values, error) => {
        completed();
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
    if (!Array.isArray(logs)) {
      const what = mustBe('subscriptions', 'those of a cold or hot Observable', logs);
      throw new TypeError(`expectSubscriptions: ${what}`);
    }
    this.#forgetDropped();
    const startMs = this.#clock.now();
    const completed = this.#begin('expectSubscriptions');
    return {
      toBe: (marbles) => {
        completed();
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

  /** Notes that a diagram is to follow. Returns what to call when it does. */
  #begin(name: string): () => void {
    const place = new Error(`${name} without toBe checks nothing: call toBe with a diagram`);
    this.#incomplete.add(place);
    return () => this.#incomplete.delete(place);
  }

  #expect(expectation: Expectation): void {
    this.#expectations.push(expectation);
    this.#lasts(expectation.startMs + expectation.diagram.ms - this.#clock.now());
    if (this.#checking === undefined) this.#checkLater();
  }

  #lasts(ms: number): void {
    this.#endMs = Math.max(this.#endMs, this.#clock.now() + ms);
  }

  #checkLater(): void {
    this.#checking = this.#schedule(
      () => {
        if (this.#clock.now() < this.#endMs) this.#checkLater();
        else this.#check();
      },
      Math.max(0, this.#endMs - this.#clock.now()),
    );
  }

  /** The scheduler discards all its actions, the check too, when one of them throws. */
  #forgetDropped(): void {
    if (this.#checking?.closed === true) this.clear();
  }

  #schedule(work: () => void, delayMs: number): Subscription {
    const round = this.#round;
    return this.#clock.scheduler.schedule(() => {
      if (round === this.#round) work();
    }, delayMs);
  }

  /** @throws {Error} with all diagrams, if one of them differs */
  #check(): void {
    const expectations = this.#expectations;
    this.#expectations = [];
    this.#checking = undefined;
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

/** @throws {TypeError} unless it is an object of functions */
function checkWorks(works: unknown): void {
  if (typeof works !== 'object' || works === null) {
    throw new TypeError(`at: ${mustBe('works', 'an object of functions', works)}`);
  }
  for (const [letter, work] of Object.entries(works)) {
    if (typeof work === 'function') continue;
    throw new TypeError(`at: ${mustBe(`the work of '${letter}'`, 'a function', work)}`);
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
