import type { Observable, Subscription } from 'rxjs';
import type { Demand, FlowSink } from '../flow/demand.ts';
import { Flow } from '../flow/flow.ts';

/** How a call under test ends once its answers have been taken. */
export type Ending = 'completes' | 'stays open' | Error;

/** A call whose answers a case controls. */
export class CallUnderTest<T> implements Demand {
  /** How many answers have been taken. */
  taken = 0;
  isCancelled = false;
  readonly #sink: FlowSink<T>;
  readonly #waiting: T[];
  readonly #ending: Ending;
  #isServing = false;

  constructor(sink: FlowSink<T>, answers: readonly T[], ending: Ending) {
    this.#sink = sink;
    this.#waiting = [...answers];
    this.#ending = ending;
  }

  request(): void {
    if (this.#isServing) return;
    this.#isServing = true;
    while (!this.isCancelled && this.#sink.wanted > 0) {
      const [answer] = this.#waiting.splice(0, 1);
      if (answer === undefined) break;
      this.taken += 1;
      this.#sink.next(answer);
    }
    this.#isServing = false;
    if (!this.isCancelled && this.#waiting.length === 0) this.#end();
  }

  unsubscribe(): void {
    this.isCancelled = true;
  }

  /** Answers once more. */
  give(answer: T): void {
    this.#waiting.push(answer);
    this.request();
  }

  #end(): void {
    if (this.#ending === 'stays open') return;
    if (this.#ending === 'completes') this.#sink.complete();
    else this.#sink.error(this.#ending);
  }
}

/** The answers that middleware gets: cold, so each subscription makes a call. */
export class AnswersUnderTest<T> {
  readonly flow: Flow<T>;
  /** The calls that were made. */
  readonly calls: readonly CallUnderTest<T>[];

  constructor(answers: readonly T[], ending: Ending) {
    const calls: CallUnderTest<T>[] = [];
    this.calls = calls;
    this.flow = new Flow((sink) => {
      const call = new CallUnderTest(sink, answers, ending);
      calls.push(call);
      return call;
    });
  }

  /** Whether no call is running that has not been cancelled. */
  get areCancelled(): boolean {
    return this.calls.every(({ isCancelled }) => isCancelled);
  }

  /** Answers once more to the latest call. */
  give(answer: T): void {
    this.calls.at(-1)?.give(answer);
  }
}

/** What a subscriber hears. */
export class Heard<T> {
  readonly answers: T[] = [];
  /** Undefined: it has not ended. */
  end: 'completed' | 'failed' | undefined;
  readonly #subscription: Subscription;

  constructor(observable: Observable<T>) {
    this.#subscription = observable.subscribe({
      next: (answer) => this.answers.push(answer),
      error: () => (this.end = 'failed'),
      complete: () => (this.end = 'completed'),
    });
  }

  leave(): void {
    this.#subscription.unsubscribe();
  }
}
