import { isObservable, type Observable } from 'rxjs';
import { LaneBacklog } from './backlog.ts';
import { buffered } from './buffered.ts';
import type { Demand, FlowSink } from './demand.ts';
import { Flow } from './flow.ts';
import { reportUnhandled } from './report-unhandled.ts';
import { checkValueLane, type LaneOptions } from './strategy.ts';

/**
 * A flow of what can be iterated over, pulled by demand: an iterator makes a value when it is asked
 * for, and not before. So the end, too, is known once it was asked for.
 *
 *     requests   2-----1---2------
 *                flowFrom(['a', 'b', 'c', 'd'])
 *     values     (ab)--c---(d|)
 *
 * Each consumer has an iterator of its own. When it has enough, the iterator's `return` is called.
 * What the iterator throws, or rejects with, is the flow's error.
 *
 * An Observable cannot be held back. With a lane, what it emits too early waits there, and the
 * lane's strategy says what happens when that is full; it is `onBackpressure(lane)`, as a source:
 *
 *     in         -a-b-c-d-|
 *                flowFrom(in, dropOldest(2))
 *     requests   ----------1-2-----
 *     values     ----------c-(d|)--
 *
 * @throws {TypeError} `values` cannot be iterated over, or is an Observable without a lane
 * @throws {RangeError} for a lane that blocks, or counts bytes or a rate
 */
export function flowFrom<T>(values: Iterable<T> | AsyncIterable<T>): Flow<T>;
export function flowFrom<T>(values: Observable<T>, lane: LaneOptions): Flow<T>;
export function flowFrom<T>(
  values: Iterable<T> | AsyncIterable<T> | Observable<T>,
  lane?: LaneOptions,
): Flow<T> {
  if (isObservable(values)) return flowOfObservable(values, lane);
  const source = values as Partial<Iterable<T> & AsyncIterable<T>>;
  if (typeof source[Symbol.asyncIterator] === 'function') {
    const iterable = values as AsyncIterable<T>;
    return new Flow((sink) => {
      const iterator: AsyncIterator<T, unknown> = iterable[Symbol.asyncIterator]();
      return new AsyncPull(iterator, sink);
    });
  }
  if (typeof source[Symbol.iterator] !== 'function') {
    throw new TypeError('flowFrom(values): an iterable, or an async iterable');
  }
  const iterable = values as Iterable<T>;
  return new Flow((sink) => {
    const iterator: Iterator<T, unknown> = iterable[Symbol.iterator]();
    return new SyncPull(iterator, sink);
  });
}

function flowOfObservable<T>(source: Observable<T>, lane: LaneOptions | undefined): Flow<T> {
  if (lane === undefined) {
    throw new TypeError('flowFrom(observable$, lane): a lane such as dropOldest(64) is missing');
  }
  checkValueLane('flowFrom', 'lane', lane);
  if (lane.strategy === 'block') {
    throw new RangeError('flowFrom: an Observable cannot be held back, its lane drops or fails');
  }
  return buffered(source, {
    operator: 'flowFrom',
    backlog: () => new LaneBacklog(lane, () => undefined),
    onDrop: () => undefined,
  });
}

/** Takes from an iterator what a sink wants. */
class SyncPull<T> implements Demand {
  readonly #iterator: Iterator<T, unknown>;
  readonly #sink: FlowSink<T>;
  /** The iterator has ended, or is not wanted any more. */
  #over = false;
  #calling = false;

  constructor(iterator: Iterator<T, unknown>, sink: FlowSink<T>) {
    this.#iterator = iterator;
    this.#sink = sink;
  }

  request(): void {
    const sink = this.#sink;
    while (sink.wanted > 0) {
      let result: IteratorResult<T, unknown>;
      this.#calling = true;
      try {
        result = this.#iterator.next();
      } catch (thrown) {
        this.#failed(thrown);
        return;
      }
      this.#calling = false;
      if (this.#over || result.done === true) {
        this.#ended(result);
        return;
      }
      sink.next(result.value);
    }
  }

  unsubscribe(): void {
    if (this.#over) return;
    this.#over = true;
    // A generator that runs cannot be left: that is for when it has given its value.
    if (!this.#calling) this.#leave();
  }

  /** An iterator that has thrown is at its end, as in `for of`. */
  #failed(thrown: unknown): void {
    this.#calling = false;
    const wasOver = this.#over;
    this.#over = true;
    if (!wasOver) this.#sink.error(thrown);
  }

  /** It has no more values, or its own code has ended this. */
  #ended(result: IteratorResult<T, unknown>): void {
    if (result.done !== true) {
      this.#leave();
    } else if (!this.#over) {
      this.#over = true;
      this.#sink.complete();
    }
  }

  /** Closes the iterator before its end. The consumer would not hear of it when that fails. */
  #leave(): void {
    try {
      this.#iterator.return?.();
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }
}

class AsyncPull<T> implements Demand {
  readonly #iterator: AsyncIterator<T, unknown>;
  readonly #sink: FlowSink<T>;
  /** The iterator has ended, or is not wanted any more. */
  #over = false;
  /** `next` was called, and has not answered. */
  #called = false;

  constructor(iterator: AsyncIterator<T, unknown>, sink: FlowSink<T>) {
    this.#iterator = iterator;
    this.#sink = sink;
  }

  request(): void {
    if (this.#called || this.#over || this.#sink.wanted <= 0) return;
    this.#called = true;
    try {
      this.#iterator.next().then(this.#took, this.#failed);
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  unsubscribe(): void {
    if (this.#over) return;
    this.#over = true;
    // The consumer would not hear of it when that fails.
    try {
      this.#iterator.return?.().then(undefined, reportUnhandled);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  readonly #took = (result: IteratorResult<T, unknown>): void => {
    this.#called = false;
    if (this.#over) return;
    // As `for await` has it; there is nobody else to whom this could throw.
    if (!isObject(result)) {
      this.#failed(new TypeError(`an iterator has answered with no object (${typeof result})`));
    } else if (result.done === true) {
      this.#over = true;
      this.#sink.complete();
    } else {
      this.#sink.next(result.value);
      this.request();
    }
  };

  /** An iterator that has thrown is at its end, as in `for of`. */
  readonly #failed = (thrown: unknown): void => {
    if (this.#over) return;
    this.#over = true;
    this.#sink.error(thrown);
  };
}

/** What an iterator answers with should be one, but anybody may have written it. */
function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
