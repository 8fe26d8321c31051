import { from, type Observable, type Observer, type Subscription } from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { type Backlog, LaneBacklog } from './backlog.ts';
import type { Demand, FlowConsumer, FlowSink } from './demand.ts';
import type { Flow } from './flow.ts';
import { hook } from './hook.ts';
import { KeyedBacklog } from './keyed-backlog.ts';
import type { MergeSettings } from './merge-settings.ts';
import { Results } from './results.ts';
import { subscribeWithin } from './subscribe-within.ts';

/** Merges inner Observables for one consumer. See `boundedMergeMap`. */
export class MergeRun<T, R> implements Demand {
  readonly #settings: MergeSettings<T, R>;
  readonly #concurrency: number;
  readonly #waiting: Backlog<T>;
  /** The same object as `#waiting`, if values are ordered by key. */
  readonly #keyed: KeyedBacklog<T> | undefined;
  readonly #consumer: FlowConsumer<R>;
  readonly #scope: Subscription;
  readonly #results: Results<R> | undefined;
  #index = 0;
  #active = 0;
  #ended = false;
  #starting = false;
  /** Set when the source is a flow, which is asked for values. */
  #upstream: Demand | undefined;
  #outstanding = 0;

  /**
   * @param consumer a plain consumer gets everything, a sink as much as it requests
   * @param scope holds all subscriptions until the consumer ends
   */
  constructor(
    settings: MergeSettings<T, R>,
    consumer: FlowConsumer<R> | FlowSink<R>,
    scope: Subscription,
  ) {
    const { buffer, concurrency, key, onDrop } = settings;
    const dropped = hook(onDrop);
    this.#settings = settings;
    this.#concurrency = Math.floor(concurrency);
    this.#keyed = key && new KeyedBacklog(buffer, key, dropped);
    this.#waiting = this.#keyed ?? new LaneBacklog(buffer, dropped);
    this.#consumer = consumer;
    this.#scope = scope;
    if (!('keep' in consumer)) return;
    const results = new Results(concurrency, consumer);
    this.#results = results;
    consumer.keep(results, {
      onRoom: () => this.#resume(),
      onOverflow: () => this.#fail(overflow('results', results.size, 'consume faster')),
    });
  }

  /** Takes whatever `source` emits. Values that cannot be started yet wait in the buffer. */
  from(source: Observable<T>): this {
    subscribeWithin(this.#scope, source, this.#observer());
    return this;
  }

  /** Requests values from `source` whenever they can be started. */
  pullFrom(source: Flow<T>): this {
    const upstream = source.consume(this.#observer());
    this.#scope.add(() => upstream.unsubscribe());
    this.#upstream = upstream;
    this.#pull();
    return this;
  }

  request(): void {
    // Values are requested from the source when they can be started.
  }

  unsubscribe(): void {
    this.#scope.unsubscribe();
  }

  /**
   * Starts waiting values while there is room. Guarded against re-entry: an inner Observable may
   * complete or make the source emit synchronously, from within the loop.
   */
  #resume(): void {
    if (this.#starting) return;
    this.#starting = true;
    while (this.#room() > 0 && this.#isReady()) {
      if (this.#scope.closed) return;
      this.#start(this.#waiting.take() as T);
    }
    this.#starting = false;
    if (this.#ended) this.#completeIfDone();
    else this.#pull();
  }

  /** Fails the result and unsubscribes from everything. */
  #fail(error: unknown): void {
    this.#consumer.error(error);
    this.#scope.unsubscribe();
  }

  /**
   * How many values can be started. A waiting result occupies a slot, as its inner Observable did.
   */
  #room(): number {
    return this.#concurrency - this.#active - (this.#results?.size ?? 0);
  }

  #isReady(): boolean {
    return this.#keyed === undefined ? this.#waiting.size > 0 : this.#keyed.isReady;
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
    this.#fail(overflow('values', this.#waiting.size, full));
  }

  /** Requests as many values as can be started, minus those already on their way. */
  #pull(): void {
    if (this.#upstream === undefined) return;
    const count = this.#startable() - this.#outstanding;
    // NaN (Infinity - Infinity) means that everything has been requested already.
    if (!(count > 0)) return;
    this.#outstanding += count;
    this.#upstream.request(count);
  }

  /**
   * How many further values there is room for. With keys, all of them may have to wait for the same
   * one.
   */
  #startable(): number {
    const waiting = this.#waiting.size;
    if (this.#keyed === undefined) return this.#room() - waiting;
    return Math.min(this.#room(), this.#settings.buffer.capacity - waiting);
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
      next: (result) => (results === undefined ? consumer.next(result) : results.deliver(result)),
      error: (error) => this.#fail(error),
      complete: ignore,
    };
    const given = results === undefined ? inner : results.heldBack(inner);
    const freed = this.#keyed === undefined ? this.#freed : this.#keyed.turn(this.#freed);
    subscribeWithin(this.#scope, given, observer, freed);
  }

  /** An inner Observable has released its resources: it has completed, or everything has ended. */
  readonly #freed = (): void => {
    if (this.#scope.closed) return;
    this.#active -= 1;
    this.#resume();
  };
}

/** What to do about values that no longer fit. */
const full = 'make it larger, drop with dropOldest(n), or raise the concurrency';

function overflow(what: string, count: number, advice: string): RxmeshError {
  const text = `boundedMergeMap: the buffer of ${count} ${what} is full: ${advice}`;
  return new RxmeshError('RXMESH_OVERFLOW', text);
}

function ignore(): void {
  return undefined;
}
