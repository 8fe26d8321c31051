import { type Observable, Subscription } from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { type Backlog, dropAll } from './backlog.ts';
import type { Demand, FlowConsumer, FlowOrigin, FlowSink } from './demand.ts';
import { Flow } from './flow.ts';
import { subscribeWithin } from './subscribe-within.ts';

/** How values wait in front of a consumer. */
export interface BufferOptions<T> {
  /** The operator that buffers, for error messages. */
  readonly operator: string;
  /** Holds the values of one consumer. */
  readonly backlog: () => Backlog<T>;
  /** Sees each value that an error drops. What the backlog drops by itself it tells by itself. */
  readonly onDrop: (value: T) => void;
  /** Whether the source is subscribed to at the first request, not before. */
  readonly isLazy?: boolean;
  readonly origin?: FlowOrigin | undefined;
}

/** A flow of what an Observable emits: what comes too early waits in a backlog. */
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
 * A flow that asks another one for values ahead of its consumer, so that at most `ahead` of them
 * wait.
 */
export function prefetched<T>(source: Flow<T>, ahead: number, options: BufferOptions<T>): Flow<T> {
  return new Flow<T>(
    (sink) => new Buffer(options, sink).prefetch(source, ahead),
    (subscriber) => source.subscribe(subscriber),
    source.origin,
  );
}

/** Stands between a source and one consumer. */
class Buffer<T> implements Demand {
  onFirstRequest: (() => void) | undefined;
  readonly #options: BufferOptions<T>;
  readonly #backlog: Backlog<T>;
  readonly #sink: FlowSink<T>;
  readonly #subscription = new Subscription();
  /** Of a source that is asked for values. */
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

  /** Takes what `source` emits. */
  subscribe(source: Observable<T>): void {
    subscribeWithin(this.#subscription, source, this.#observer());
  }

  /** Asks `source` for values. */
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

  /** Half of what may wait at a time: fewer calls, and the source need not pause. */
  #replenish(): void {
    if (this.#upstream === undefined) return;
    const held = this.#backlog.size + this.#outstanding;
    if (held > this.#ahead >> 1) return;
    this.#outstanding += this.#ahead - held;
    this.#upstream.request(this.#ahead - held);
  }

  #overflow(value: T): void {
    const text = `${this.#options.operator}: ${this.#backlog.size} values wait already`;
    this.#fail(new RxmeshError('RXMESH_OVERFLOW', text), value);
  }

  /** An error does not wait: what waits is dropped. @param lost has no place in the backlog */
  #fail(error: unknown, ...lost: readonly T[]): void {
    this.unsubscribe();
    dropAll(this.#backlog, this.#options.onDrop, ...lost);
    this.#sink.fail(error);
  }
}
