import {
  from,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  type Subscriber,
} from 'rxjs';
import { Lane } from '../lib/flow/lane.ts';
import { fail, type LaneOptions } from '../lib/flow/strategy.ts';
import { subscribeWithin } from '../lib/flow/subscribe-within.ts';
import { RxmeshError } from '../lib/model/error.ts';

/** Options of `boundedMergeMap`. */
export interface BoundedMergeMapOptions<T> {
  /** Inner Observables that may be alive at a time. Default 1. */
  readonly concurrency?: number;
  /**
   * Where values wait for their turn, and what happens when it is full: `dropOldest(n)`,
   * `dropNewest(n)`, `latest()` or `fail(n)`. Not `block`: an Observable cannot be held back. Without
   * a number of bytes: values have no size.
   * Default `fail(1024)`.
   */
  readonly buffer?: LaneOptions;
  /** Sees each value that a full buffer dropped. */
  readonly onDrop?: (value: T) => void;
}

/**
 * A `mergeMap` whose memory is bounded: at most `concurrency` inner Observables are alive, at most
 * `buffer.capacity` values wait, and what happens to one more is chosen.
 *
 *     in   -abc------------|
 *          boundedMergeMap(x => of(x).pipe(delay(3)), { buffer: dropNewest(1) })
 *     out  ----a--b--------|        c found the buffer full
 *
 * A million inner Observables that complete synchronously need no more stack than one. A value that
 * comes while another one is being started waits as well, also when there is room for it beside that.
 *
 * What `project` or `onDrop` throws is the error of the result.
 *
 * @throws {RxmeshError} `RXMESH_OVERFLOW`, as an error notification, when a `fail` buffer is full
 * @throws {RangeError} for a concurrency below 1, or a buffer that blocks or counts bytes
 */
export function boundedMergeMap<T, R>(
  project: (value: T, index: number) => ObservableInput<R>,
  options: BoundedMergeMapOptions<T> = {},
): OperatorFunction<T, R> {
  const { concurrency = 1, buffer = fail(1024), onDrop } = options;
  if (!(concurrency >= 1)) {
    throw new RangeError(`boundedMergeMap: concurrency is at least 1, not ${concurrency}`);
  }
  if (buffer.strategy === 'block') {
    const text = 'boundedMergeMap: an Observable cannot be held back, its buffer drops or fails';
    throw new RangeError(text);
  }
  if (buffer.bytes !== undefined) {
    throw new RangeError('boundedMergeMap: values have no size, its buffer has no number of bytes');
  }
  return (source) =>
    new Observable((subscriber) => {
      const run = new Run(project, { concurrency, buffer, onDrop }, subscriber);
      subscribeWithin(subscriber, source, {
        next: (value) => run.offer(value),
        error: (error) => subscriber.error(error),
        complete: () => run.end(),
      });
    });
}

interface Settings<T> {
  readonly concurrency: number;
  readonly buffer: LaneOptions;
  readonly onDrop: ((value: T) => void) | undefined;
}

/** One subscription to the operator. */
class Run<T, R> {
  readonly #project: (value: T, index: number) => ObservableInput<R>;
  readonly #concurrency: number;
  readonly #waiting: Lane<T>;
  readonly #onDrop: ((value: T) => void) | undefined;
  readonly #subscriber: Subscriber<R>;
  #index = 0;
  #active = 0;
  #ended = false;
  #draining = false;

  constructor(
    project: (value: T, index: number) => ObservableInput<R>,
    { concurrency, buffer, onDrop }: Settings<T>,
    subscriber: Subscriber<R>,
  ) {
    this.#project = project;
    this.#concurrency = concurrency;
    this.#waiting = new Lane(buffer);
    this.#onDrop = onDrop;
    this.#subscriber = subscriber;
  }

  offer(value: T): void {
    const starts = !this.#draining && this.#active < this.#concurrency;
    const displaced = this.#displaced();
    const offered = this.#waiting.offer(value);
    if (starts) this.#drain();
    else if (displaced !== undefined) this.#drop(displaced.value);
    else if (offered === 'rejected') this.#drop(value);
    else if (offered === 'overflow') {
      const text = `boundedMergeMap: ${this.#waiting.capacity} values wait already`;
      this.#subscriber.error(new RxmeshError('RXMESH_OVERFLOW', text));
    }
  }

  end(): void {
    this.#ended = true;
    this.#completeIfDone();
  }

  /** Takes the value out that will make room for the next one, if one has to; without sizes, one does. */
  #displaced(): { readonly value: T } | undefined {
    const { strategy, full } = this.#waiting;
    if (!full || (strategy !== 'dropOldest' && strategy !== 'latest')) return undefined;
    return { value: this.#waiting.take() as T };
  }

  #drop(value: T): void {
    try {
      this.#onDrop?.(value);
    } catch (error) {
      this.#subscriber.error(error);
    }
  }

  /**
   * Starts what waits, as long as there is room. It is a loop that is not entered twice: an inner
   * Observable that completes synchronously, or makes the source emit, does so from within.
   */
  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    while (this.#active < this.#concurrency && this.#waiting.size > 0) {
      if (this.#subscriber.closed) return;
      this.#start(this.#waiting.take() as T);
    }
    this.#draining = false;
    this.#completeIfDone();
  }

  #completeIfDone(): void {
    if (this.#draining || !this.#ended) return;
    if (this.#active === 0 && this.#waiting.size === 0) this.#subscriber.complete();
  }

  #start(value: T): void {
    let inner: Observable<R>;
    try {
      inner = from(this.#project(value, this.#index++));
    } catch (error) {
      this.#subscriber.error(error);
      return;
    }
    const subscriber = this.#subscriber;
    this.#active += 1;
    subscribeWithin(subscriber, inner, {
      next: (result) => subscriber.next(result),
      error: (error) => subscriber.error(error),
      complete: () => {
        this.#active -= 1;
        this.#drain();
      },
    });
  }
}
