import { isObservable, type Observable } from 'rxjs';
import { mistaken } from '../model/check-function.ts';
import { described } from '../model/described.ts';
import { LaneBacklog } from './backlog.ts';
import { buffered } from './buffered.ts';
import type { Demand, FlowSink } from './demand.ts';
import { Flow } from './flow.ts';
import { reportUnhandled } from './report-unhandled.ts';
import { checkLossyLane, type LaneOptions } from './strategy.ts';

/**
 * A flow of an iterable's values. Each value is pulled from the iterator only when it is requested,
 * so the end, too, is only discovered by a request.
 *
 *     requests   2-----1---2------
 *                flowFrom(['a', 'b', 'c', 'd'])
 *     values     (ab)--c---(d|)
 *
 * Each consumer gets its own iterator, whose `return` is called if the consumer leaves early. An
 * exception or rejection from the iterator becomes the flow's error.
 *
 * An Observable cannot be held back. Values it emits too early wait in the lane, whose strategy
 * decides what happens when it is full. This is `onBackpressure(lane)` as a source:
 *
 *     in         -a-b-c-d-|
 *                flowFrom(in, dropOldest(2))
 *     requests   ----------1-2-----
 *     values     ----------c-(d|)--
 *
 * @throws {TypeError} if `values` is not iterable, or is an Observable and `lane` is missing
 * @throws {RangeError} if the lane blocks, or has bounds in bytes or a rate
 */
export function flowFrom<T>(values: Iterable<T> | AsyncIterable<T>): Flow<T>;
export function flowFrom<T>(values: Observable<T>, lane: LaneOptions): Flow<T>;
export function flowFrom<T>(
  values: Iterable<T> | AsyncIterable<T> | Observable<T>,
  lane?: LaneOptions,
): Flow<T> {
  if (isObservable(values)) return flowOfObservable(values, lane);
  const source = values as Partial<Iterable<T> & AsyncIterable<T>> | null | undefined;
  if (typeof source?.[Symbol.asyncIterator] === 'function') {
    const iterable = values as AsyncIterable<T>;
    return new Flow((sink) => {
      const iterator: AsyncIterator<T, unknown> = iterable[Symbol.asyncIterator]();
      return new AsyncPull(iterator, sink);
    });
  }
  if (typeof source?.[Symbol.iterator] !== 'function') {
    throw mistaken('flowFrom: values', 'an iterable, an async iterable or an Observable', values);
  }
  const iterable = values as Iterable<T>;
  return new Flow((sink) => {
    const iterator: Iterator<T, unknown> = iterable[Symbol.iterator]();
    return new SyncPull(iterator, sink);
  });
}

function flowOfObservable<T>(source: Observable<T>, lane: LaneOptions | undefined): Flow<T> {
  if (lane === undefined) {
    const text = 'flowFrom: an Observable cannot be held back, so it needs a lane';
    throw new TypeError(`${text}: try flowFrom(source$, dropOldest(64))`);
  }
  checkLossyLane('flowFrom', 'lane', lane);
  return buffered(source, {
    operator: 'flowFrom',
    backlog: () => new LaneBacklog(lane, () => undefined),
    onDrop: () => undefined,
  });
}

/** Pulls what a sink wants from an iterator. */
class SyncPull<T> implements Demand {
  readonly #iterator: Iterator<T, unknown>;
  readonly #sink: FlowSink<T>;
  /** The iterator has ended or is no longer wanted. */
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
    // A running generator cannot be closed; that happens once it has yielded its value.
    if (!this.#calling) this.#leave();
  }

  /** An iterator that throws has ended, as in `for of`. */
  #failed(thrown: unknown): void {
    this.#calling = false;
    const wasOver = this.#over;
    this.#over = true;
    if (!wasOver) this.#sink.error(thrown);
  }

  /** The iterator is exhausted, or its own code has unsubscribed. */
  #ended(result: IteratorResult<T, unknown>): void {
    if (result.done !== true) {
      this.#leave();
    } else if (!this.#over) {
      this.#over = true;
      this.#sink.complete();
    }
  }

  /** Closes the iterator early. The consumer has left, so errors are reported as unhandled. */
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
  /** The iterator has ended or is no longer wanted. */
  #over = false;
  /** A call to `next` is pending. */
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
    // The consumer has left, so errors are reported as unhandled.
    try {
      this.#iterator.return?.().then(undefined, reportUnhandled);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  readonly #took = (result: IteratorResult<T, unknown>): void => {
    this.#called = false;
    if (this.#over) return;
    // The same check as in `for await`. In a `then` callback, an exception would go unnoticed.
    if (!isObject(result)) {
      const text = `the iterator's next() must return an object, got ${described(result)}`;
      this.#failed(new TypeError(text));
    } else if (result.done === true) {
      this.#over = true;
      this.#sink.complete();
    } else {
      this.#sink.next(result.value);
      this.request();
    }
  };

  /** An iterator that throws has ended, as in `for of`. */
  readonly #failed = (thrown: unknown): void => {
    if (this.#over) return;
    this.#over = true;
    this.#sink.error(thrown);
  };
}

/** Iterator results must be objects, but iterators come from users. */
function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
