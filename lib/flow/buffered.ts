import { type Observable, Subscription } from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { type Backlog, dropAll } from './backlog.ts';
import type { Demand, FlowConsumer, FlowOrigin, FlowSink } from './demand.ts';
import { Flow } from './flow.ts';
import { subscribeWithin } from './subscribe-within.ts';

/** How values are buffered in front of a consumer. */
export interface BufferOptions<T> {
  /** Name of the buffering operator, for error messages. */
  readonly operator: string;
  /** Creates the backlog for one consumer. */
  readonly backlog: () => Backlog<T>;
  /** Receives each value dropped because of an error. The backlog reports its own drops. */
  readonly onDrop: (value: T) => void;
  /** Whether to subscribe to the source on the first request rather than immediately. */
  readonly isLazy?: boolean;
  readonly origin?: FlowOrigin | undefined;
}

/**
 * Turns an Observable into a flow: values that arrive before they are requested wait in a backlog.
 */
export function buffered<T>(source: Observable<T>, options: BufferOptions<T>): Flow<T> {
  return new Flow<T>(
    (sink) => {
      const buffer = new Buffer(options, sink);
      if (options.isLazy !== true) buffer.subscribe(source);
      else buffer.onFirstRequest = () => buffer.subscribe(source);
      return buffer;
    },
    (subscriber) => source.subscribe(subscriber),
    options.origin,
  );
}

/**
 * A flow that requests values from another flow ahead of its consumer; at most `ahead` of them
 * wait.
 */
export function prefetched<T>(source: Flow<T>, ahead: number, options: BufferOptions<T>): Flow<T> {
  return new Flow<T>(
    (sink) => new Buffer(options, sink).prefetch(source, ahead),
    (subscriber) => source.subscribe(subscriber),
    source.origin,
  );
}

/** Sits between a source and one consumer. */
class Buffer<T> implements Demand {
  onFirstRequest: (() => void) | undefined;
  readonly #options: BufferOptions<T>;
  readonly #backlog: Backlog<T>;
  readonly #sink: FlowSink<T>;
  readonly #subscription = new Subscription();
  /** Set when the source is a flow, which is asked for values. */
  #upstream: Demand | undefined;
  #ahead = 0;
  #outstanding = 0;

  constructor(options: BufferOptions<T>, sink: FlowSink<T>) {
    this.#options = options;
    this.#backlog = options.backlog();
    this.#sink = sink;
    sink.keep(this.#backlog, {
      onOverflow: (value) => this.#overflow(value),
      onRoom: () => this.#replenish(),
    });
  }

  /** Takes whatever `source` emits. */
  subscribe(source: Observable<T>): void {
    subscribeWithin(this.#subscription, source, this.#observer());
  }

  /** Requests values from `source`. */
  prefetch(source: Flow<T>, ahead: number): this {
    this.#ahead = ahead;
    const upstream = source.consume(this.#observer());
    this.#subscription.add(() => upstream.unsubscribe());
    this.#upstream = upstream;
    this.#replenish();
    return this;
  }

  request(): void {
    const first = this.onFirstRequest;
    this.onFirstRequest = undefined;
    first?.();
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe();
  }

  #observer(): FlowConsumer<T> {
    return {
      next: (value) => {
        this.#outstanding -= 1;
        if (this.#sink.next(value)) this.#replenish();
      },
      error: (error) => this.#fail(error),
      complete: () => {
        this.#upstream = undefined;
        this.#sink.complete();
      },
    };
  }

  /** Refills at half empty: this needs fewer calls, and the source does not have to pause. */
  #replenish(): void {
    if (this.#upstream === undefined) return;
    const held = this.#backlog.size + this.#outstanding;
    if (held > this.#ahead >> 1) return;
    this.#outstanding += this.#ahead - held;
    this.#upstream.request(this.#ahead - held);
  }

  #overflow(value: T): void {
    const text = `${this.#options.operator}: the buffer of ${this.#backlog.size} values is full`;
    const advice = 'make it larger, drop with dropOldest(n), or consume faster';
    this.#fail(new RxmeshError('RXMESH_OVERFLOW', `${text}: ${advice}`), value);
  }

  /**
   * Errors do not wait: the backlog is dropped. @param lost values that never made it into the
   * backlog
   */
  #fail(error: unknown, ...lost: readonly T[]): void {
    this.unsubscribe();
    dropAll(this.#backlog, this.#options.onDrop, ...lost);
    this.#sink.fail(error);
  }
}
