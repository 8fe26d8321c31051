// RxJS documents `lift`, `Operator`, `source` and `operator` as internal, but keeps them stable in
// version 7, and they are the only way to make its operators return a flow. Only this file,
// lifted.ts, gauge.ts and operate.ts use them.
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
 * An Observable that consumers can ask for a limited number of values: backpressure by the rules of
 * Reactive Streams (version 1.0.4, sections 1 to 3).
 *
 *     requests   2-----1------
 *     values     (ab)--c------
 *
 * A plain subscription has unbounded demand, so every RxJS operator works. Consuming with demand
 * (`boundedMergeMap`, `batch`, `pipeTo`, `toReadableStream`, `for await`, `consume`) holds the
 * source back and, for a channel's `in$`, the sending peers.
 *
 * Demand passes through operators that answer each value synchronously with at most one value:
 * `map`, `filter`, `tap`, `scan`, `take`, `distinctUntilChanged`, `bufferCount` and the like.
 * Behind any other operator (`mergeMap`, `delay`, `bufferTime`), consuming with demand ends with
 * `RXMESH_DEMAND_LOST`: as soon as the operator starts work on a value without answering it, or at
 * the first value that was not requested. Replace the operator with `boundedMergeMap`, or put
 * `onBackpressure` behind it. Values that an operator flushes when another one ends it, as
 * `toArray` behind `takeUntil` does, count as late as well.
 *
 * Some cases go undetected: operators that only collect values (`toArray`, `takeLast`, `buffer`,
 * `groupBy`, `window`) consume everything; use `batch` instead. With `share`, only the first
 * consumer's demand counts; use `shareFlow`. `endWith(x)` creates a plain Observable; write
 * `concatWith(of(x))`.
 *
 * `for await` requests one value at a time. Leaving the loop unsubscribes.
 */
export class Flow<T> extends Observable<T> implements Consumable<T> {
  /** Where the flow comes from, if known. */
  readonly origin: FlowOrigin | undefined;
  readonly #connect: (sink: FlowSink<T>) => Demand;
  /** For a flow behind operators: the flow that they were applied to. `#operators` lists them. */
  #root: Flow<unknown> | undefined;
  #operators = noOperators;

  /**
   * @param connect starts serving a consumer that has not requested anything yet. It must not emit
   *   more than was requested, but need not handle recursion, invalid requests or values after the
   *   end.
   * @param subscribe serves plain subscribers, where that is simpler or faster than `connect` with
   *   unbounded demand (the default)
   * @param origin where the flow comes from, for downstream operators
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

  /** The clock of the flow's source, if it has one. */
  get clock(): Clock | undefined {
    return this.origin?.clock;
  }

  /** Consumes with demand: nothing arrives before the first `request`. */
  consume(consumer: FlowConsumer<T>): Demand {
    return new Delivery(consumer, this.#connect, this.origin);
  }

  /** Iterates one value at a time, requesting each when the loop asks for it. */
  [Symbol.asyncIterator](): FlowIterator<T> {
    return iterate(this);
  }

  /** @internal Called by RxJS's operators, so that an operator applied to a flow returns a flow. */
  override lift<R>(operator?: Operator<T, R>): Flow<R> {
    if (operator === undefined) return new Flow<R>(this.#connect as never, undefined, this.origin);
    const root: Flow<unknown> = this.#root ?? this;
    const operators = [...this.#operators, operator as Operator<unknown, unknown>];
    const connect = (sink: FlowSink<R>): Demand => new Lifted(root, operators, sink);
    const flow = new Flow<R>(connect, undefined, this.origin);
    flow.#root = root;
    flow.#operators = operators;
    // Plain subscribers get RxJS's own chain.
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
    // As in RxJS: beyond nine operators, types are up to the caller.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    ...more: OperatorFunction<any, any>[]
  ): Flow<unknown>;
  /** Applies operators as any Observable does. The result is a flow even if they lose demand. */
  override pipe(...operators: FlowOperator<never, unknown>[]): Flow<unknown> {
    return operators.reduce<Flow<unknown>>(
      (flow, operator) => asFlow(operator(flow as Flow<never>), this.origin),
      this,
    );
  }
}

const noOperators: readonly Operator<unknown, unknown>[] = [];

/** What `Flow.pipe` accepts: any RxJS operator, and operators that require a flow. */
export type FlowOperator<T, R> = (source: Flow<T>) => Observable<R>;

/**
 * Whether an Observable can be consumed with demand. Also true for flows of another copy of rxmesh.
 */
export function isFlow<T>(source: Observable<T>): source is Flow<T> {
  return isObservable(source) && 'consume' in source && typeof source.consume === 'function';
}

/**
 * The clock for an operator that waits: that of its source (a channel's `in$` has one), or the
 * system clock.
 */
export function clockOf<T>(source: Observable<T>): Clock {
  return originOf(source)?.clock ?? systemClock;
}

/** The origin of an Observable, if it is a flow that has one. */
export function originOf<T>(source: Observable<T>): FlowOrigin | undefined {
  return isFlow(source) ? source.origin : undefined;
}

/**
 * Makes a flow of an operator's result. If the operator returned a plain Observable, that flow
 * cannot be consumed with demand.
 */
function asFlow<T>(result: Observable<T>, origin: FlowOrigin | undefined): Flow<T> {
  // RxJS allows the last function in a pipe to return something that is not an Observable.
  if (isFlow(result) || !isObservable(result)) return result;
  return new Flow<T>(
    (sink) => {
      if (result === EMPTY) {
        // `take(0)` returns EMPTY, whatever its source.
        sink.complete();
        return noDemand;
      }
      const text = 'demand does not pass through an operator that creates its own Observable';
      const advice = 'use boundedMergeMap instead, or put onBackpressure behind it';
      sink.fail(new RxmeshError('RXMESH_DEMAND_LOST', `${text}: ${advice}`));
      return noDemand;
    },
    (subscriber) => result.subscribe(subscriber),
    origin,
  );
}
