import {
  from,
  type Observable,
  type ObservableInput,
  type Observer,
  type Subscription,
} from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { LaneBacklog } from './backlog.ts';
import type { Demand, FlowConsumer, FlowSink } from './demand.ts';
import type { Flow } from './flow.ts';
import { Results } from './results.ts';
import { laneCapacityMax, type LaneOptions } from './strategy.ts';
import { subscribeWithin } from './subscribe-within.ts';

/** How values become inner Observables, and how many of both there may be. */
export interface MergeSettings<T, R> {
  readonly project: (value: T, index: number) => ObservableInput<R>;
  /** Inner Observables that may be alive at a time, 1 or more; rounded down. */
  readonly concurrency: number;
  /** Where values wait for their turn. */
  readonly buffer: LaneOptions;
  readonly onDrop: ((value: T) => void) | undefined;
}

/** Merges inner Observables for one consumer: see `boundedMergeMap`. */
export class MergeRun<T, R> implements Demand {
  readonly #settings: MergeSettings<T, R>;
  readonly #concurrency: number;
  readonly #waiting: LaneBacklog<T>;
  readonly #consumer: FlowConsumer<R>;
  readonly #scope: Subscription;
  readonly #results: Results<R> | undefined;
  #index = 0;
  #active = 0;
  #ended = false;
  #starting = false;
  /** Of a source that is asked for values. */
  #upstream: Demand | undefined;
  #outstanding = 0;

  /**
   * @param consumer gets everything, if it is no sink; else as much as it wants
   * @param scope what is subscribed to for the consumer, until it ends
   */
  constructor(
    settings: MergeSettings<T, R>,
    consumer: FlowConsumer<R> | FlowSink<R>,
    scope: Subscription,
  ) {
    const { buffer, concurrency, onDrop } = settings;
    this.#settings = settings;
    this.#concurrency = Math.floor(concurrency);
    this.#waiting = new LaneBacklog(buffer, (value) => onDrop?.(value));
    this.#consumer = consumer;
    this.#scope = scope;
    if (!('keep' in consumer)) return;
    const results = new Results(concurrency, consumer);
    this.#results = results;
    consumer.keep(results, {
      onRoom: () => this.#resume(),
      onOverflow: () => this.#fail(overflow(results.size, 'results')),
    });
  }

  /** Takes what `source` emits; what cannot be started waits in the buffer. */
  from(source: Observable<T>): this {
    subscribeWithin(this.#scope, source, this.#observer());
    return this;
  }

  /** Asks `source` for a value when one can be started. */
  pullFrom(source: Flow<T>): this {
    const upstream = source.consume(this.#observer());
    this.#scope.add(() => upstream.unsubscribe());
    this.#upstream = upstream;
    this.#pull();
    return this;
  }

  request(): void {
    // The source is asked when a value can be started.
  }

  unsubscribe(): void {
    this.#scope.unsubscribe();
  }

  /**
   * Starts what waits, as long as there is room. It is a loop that is not entered twice: an inner
   * Observable that completes synchronously, or makes the source emit, does so from within.
   */
  #resume(): void {
    if (this.#starting) return;
    this.#starting = true;
    while (this.#room() > 0 && this.#waiting.size > 0) {
      if (this.#scope.closed) return;
      this.#start(this.#waiting.take() as T);
    }
    this.#starting = false;
    if (this.#ended) this.#completeIfDone();
    else this.#pull();
  }

  /** The result ends, and everything that it came from. */
  #fail(error: unknown): void {
    this.#consumer.error(error);
    this.#scope.unsubscribe();
  }

  /** How many values can be started. A result that waits takes a place like what it came from. */
  #room(): number {
    return this.#concurrency - this.#active - (this.#results?.size ?? 0);
  }

  #observer(): FlowConsumer<T> {
    return {
      next: (value) => this.#arrive(value),
      error: (error) => this.#fail(error),
      complete: () => {
        this.#ended = true;
        if (!this.#starting) this.#completeIfDone();
      },
    };
  }

  #arrive(value: T): void {
    this.#outstanding -= 1;
    try {
      if (this.#waiting.put(value)) {
        this.#resume();
        return;
      }
    } catch (thrown) {
      this.#fail(thrown);
      return;
    }
    this.#fail(overflow(this.#waiting.size, 'values'));
  }

  /** Asks for as many values as can be started, beside those that are on their way. */
  #pull(): void {
    if (this.#upstream === undefined) return;
    const count = this.#room() - this.#waiting.size - this.#outstanding;
    // All were asked for already, if it is no number: Infinity has been taken from itself.
    if (!(count > 0)) return;
    this.#outstanding += count;
    this.#upstream.request(count);
  }

  #completeIfDone(): void {
    if (this.#active > 0 || this.#waiting.size > 0) return;
    this.#consumer.complete();
  }

  #start(value: T): void {
    let inner: Observable<R>;
    try {
      inner = from(this.#settings.project(value, this.#index++));
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#active += 1;
    const consumer = this.#consumer;
    const results = this.#results;
    const observer: Observer<R> = {
      next: (result) => (results === undefined ? consumer.next(result) : results.give(result)),
      error: (error) => this.#fail(error),
      complete: ignore,
    };
    const given = results === undefined ? inner : results.heldBack(inner);
    subscribeWithin(this.#scope, given, observer, this.#freed);
  }

  /** An inner Observable has let go of everything that it had: so it has completed, or all has ended. */
  readonly #freed = (): void => {
    if (this.#scope.closed) return;
    this.#active -= 1;
    this.#resume();
  };
}

function overflow(count: number, what: string): RxmeshError {
  return new RxmeshError('RXMESH_OVERFLOW', `boundedMergeMap: ${count} ${what} wait already`);
}

function ignore(): void {
  return undefined;
}

/** The buffer for a source that is asked for values: all that were asked for have a place. */
export const askedFor = (concurrency: number): LaneOptions => ({
  strategy: 'fail',
  capacity: Math.min(concurrency, laneCapacityMax),
});
