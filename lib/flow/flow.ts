// RxJS means `lift`, `Operator`, `source` and `operator` for itself, and keeps them as they are in
// version 7: they are the only way for its operators to return a flow. This file and lifted.ts
// alone use them.
/* eslint-disable @typescript-eslint/no-deprecated */
import {
  EMPTY,
  isObservable,
  Observable,
  type Operator,
  type OperatorFunction,
  type Subscriber,
  type TeardownLogic,
} from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { type Clock, systemClock } from './clock.ts';
import {
  type Consumable,
  type Demand,
  type FlowConsumer,
  type FlowOrigin,
  type FlowSink,
  noDemand,
} from './demand.ts';
import { Delivery } from './delivery.ts';
import { type FlowIterator, iterate } from './iterate.ts';
import { Lifted } from './lifted.ts';

/**
 * An Observable that can be asked for so many values and no more: backpressure, by the rules of
 * Reactive Streams (version 1.0.4, sections 1 to 3).
 *
 *     requests   2-----1------
 *     values     (ab)--c------
 *
 * Whoever subscribes as usual has unbounded demand, so every RxJS operator works. Whoever consumes
 * with demand (`boundedMergeMap`, `batch`, `pipeTo`, `toReadableStream`, `for await`, `consume`)
 * holds the source back, and with a channel's `in$` the peers that send.
 *
 * Demand passes through operators that answer a value at once, with one value or none: `map`,
 * `filter`, `tap`, `scan`, `take`, `distinctUntilChanged`, `bufferCount` and their like. Behind any
 * other one (`mergeMap`, `delay`, `bufferTime`) consuming with demand ends with
 * `RXMESH_DEMAND_LOST`, when it has begun to work on a value and has not answered, or at the first
 * value that was not asked for: put `boundedMergeMap` in its place, or `onBackpressure` behind it.
 * What an operator has left when another one ends it, as `toArray` behind `takeUntil` does, comes
 * late, too.
 *
 * Operators that only keep values take everything, and nothing tells: `toArray`, `takeLast`,
 * `buffer`, `groupBy`, `window`. `batch` is for that. What several consumers `share` is asked for
 * by the first of them alone: use `shareFlow`. `endWith(x)` makes an Observable of its own: write
 * `concatWith(of(x))`.
 *
 * `for await` asks for one value at a time. Ending the loop ends the subscription.
 */
export class Flow<T> extends Observable<T> implements Consumable<T> {
  /** What it comes from, if that is known. */
  readonly origin: FlowOrigin | undefined;
  readonly #connect: (sink: FlowSink<T>) => Demand;
  /** What `lift` was called on, and with: of a flow that stands behind operators. */
  #root: Flow<unknown> | undefined;
  #operators: readonly Operator<unknown, unknown>[] = [];

  /**
   * @param connect starts to serve a consumer, which has requested nothing yet. It has to emit no
   *   more than was requested, but need not care for recursion, wrong requests or the end.
   * @param subscribe serves who subscribes as usual, where that is simpler or faster than to
   *   connect with unbounded demand, which is the default
   * @param origin what it comes from, for the operators behind it
   */
  constructor(
    connect: (sink: FlowSink<T>) => Demand,
    subscribe: (subscriber: Subscriber<T>) => TeardownLogic = (subscriber) => {
      const delivery = new Delivery(subscriber, connect, origin);
      subscriber.add(delivery);
      if (!subscriber.closed) delivery.request(Infinity);
    },
    origin?: FlowOrigin,
  ) {
    super(subscribe);
    this.#connect = connect;
    this.origin = origin;
  }

  /** The clock that its source runs on, if it has one. */
  get clock(): Clock | undefined {
    return this.origin?.clock;
  }

  /** Consumes with demand: nothing comes before the first `request`. */
  consume(consumer: FlowConsumer<T>): Demand {
    return new Delivery(consumer, this.#connect, this.origin);
  }

  /** Values one at a time: each is asked for when the loop wants it. */
  [Symbol.asyncIterator](): FlowIterator<T> {
    return iterate(this);
  }

  /** @internal RxJS's operators call it; what they make of a flow is a flow. */
  override lift<R>(operator?: Operator<T, R>): Flow<R> {
    if (operator === undefined) return new Flow<R>(this.#connect as never, undefined, this.origin);
    const root: Flow<unknown> = this.#root ?? this;
    const operators = [...this.#operators, operator as Operator<unknown, unknown>];
    const connect = (sink: FlowSink<R>): Demand => new Lifted(root, operators, sink);
    const flow = new Flow<R>(connect, undefined, this.origin);
    flow.#root = root;
    flow.#operators = operators;
    // Whoever subscribes as usual gets what RxJS makes of it.
    flow.source = this;
    flow.operator = operator as Operator<unknown, R>;
    return flow;
  }

  override pipe(): Flow<T>;
  override pipe<A>(a: FlowOperator<T, A>): Flow<A>;
  override pipe<A, B>(a: FlowOperator<T, A>, b: FlowOperator<A, B>): Flow<B>;
  override pipe<A, B, C>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
  ): Flow<C>;
  override pipe<A, B, C, D>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
    d: FlowOperator<C, D>,
  ): Flow<D>;
  override pipe<A, B, C, D, E>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
    d: FlowOperator<C, D>,
    e: FlowOperator<D, E>,
  ): Flow<E>;
  override pipe<A, B, C, D, E, F>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
    d: FlowOperator<C, D>,
    e: FlowOperator<D, E>,
    f: FlowOperator<E, F>,
  ): Flow<F>;
  override pipe<A, B, C, D, E, F, G>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
    d: FlowOperator<C, D>,
    e: FlowOperator<D, E>,
    f: FlowOperator<E, F>,
    g: FlowOperator<F, G>,
  ): Flow<G>;
  override pipe<A, B, C, D, E, F, G, H>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
    d: FlowOperator<C, D>,
    e: FlowOperator<D, E>,
    f: FlowOperator<E, F>,
    g: FlowOperator<F, G>,
    h: FlowOperator<G, H>,
  ): Flow<H>;
  override pipe<A, B, C, D, E, F, G, H, I>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
    d: FlowOperator<C, D>,
    e: FlowOperator<D, E>,
    f: FlowOperator<E, F>,
    g: FlowOperator<F, G>,
    h: FlowOperator<G, H>,
    i: FlowOperator<H, I>,
  ): Flow<I>;
  override pipe<A, B, C, D, E, F, G, H, I>(
    a: FlowOperator<T, A>,
    b: FlowOperator<A, B>,
    c: FlowOperator<B, C>,
    d: FlowOperator<C, D>,
    e: FlowOperator<D, E>,
    f: FlowOperator<E, F>,
    g: FlowOperator<F, G>,
    h: FlowOperator<G, H>,
    i: FlowOperator<H, I>,
    // As RxJS has it: beyond nine, types are the caller's.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    ...more: OperatorFunction<any, any>[]
  ): Flow<unknown>;
  /** As of any Observable; the result is a flow, whether its operators carry demand or not. */
  override pipe(...operators: FlowOperator<never, unknown>[]): Flow<unknown> {
    return operators.reduce<Flow<unknown>>(
      (flow, operator) => asFlow(operator(flow as Flow<never>), this.origin),
      this,
    );
  }
}

/** What `Flow.pipe` takes: any operator of RxJS, and those that need a flow. */
export type FlowOperator<T, R> = (source: Flow<T>) => Observable<R>;

/** Whether an Observable can be consumed with demand: also a flow of another copy of rxmesh. */
export function isFlow<T>(source: Observable<T>): source is Flow<T> {
  return isObservable(source) && 'consume' in source && typeof source.consume === 'function';
}

/**
 * The clock for an operator that waits: its source's, as of a channel's `in$`, or else the
 * system's.
 */
export function clockOf<T>(source: Observable<T>): Clock {
  return originOf(source)?.clock ?? systemClock;
}

/** What an Observable comes from, if it is a flow that knows it. */
export function originOf<T>(source: Observable<T>): FlowOrigin | undefined {
  return isFlow(source) ? source.origin : undefined;
}

/**
 * What an operator has made of a flow, if it is no flow any more: one that cannot be consumed with
 * demand.
 */
function asFlow<T>(result: Observable<T>, origin: FlowOrigin | undefined): Flow<T> {
  // RxJS allows a last function that returns something else.
  if (isFlow(result) || !isObservable(result)) return result;
  return new Flow<T>(
    (sink) => {
      if (result === EMPTY) {
        // `take(0)` makes it of any source.
        sink.complete();
        return noDemand;
      }
      const text = 'demand does not pass through an operator that makes an Observable of its own';
      sink.fail(new RxmeshError('RXMESH_DEMAND_LOST', text));
      return noDemand;
    },
    (subscriber) => result.subscribe(subscriber),
    origin,
  );
}
