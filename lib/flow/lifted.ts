/* eslint-disable @typescript-eslint/no-deprecated -- see flow.ts */
import { Observable, type Operator, Subscription, type Subscriber } from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { LaneBacklog } from './backlog.ts';
import type { Consumable, Demand, FlowSink } from './demand.ts';
import { Gauge, type GaugeWatch, deliver } from './gauge.ts';
import { fail } from './strategy.ts';
import { subscribeWithin } from './subscribe-within.ts';

/**
 * How many unrequested values may wait: those that operators emit on their own, not as an answer to
 * one (`startWith`, `concatWith`).
 */
const heldMax = 16;

/**
 * Carries demand through RxJS operators that answer each value synchronously with at most one
 * value. Requests as many values from the source as the consumer has requested, and another one for
 * each value that was answered with none.
 *
 * Any other value ends the flow with `RXMESH_DEMAND_LOST`: a second answer, or a late one, means
 * that the operator cannot be held back. So does work in progress on an unanswered value, as in
 * `concatMap` and `delay`: the gauges between the operators detect it, even if later operators drop
 * the result. A few values emitted on subscription or at the end, as by `startWith` and
 * `bufferCount`, may wait here until they are requested.
 */
export class Lifted<T, R> implements Demand, GaugeWatch {
  readonly #source: Consumable<T>;
  readonly #sink: FlowSink<R>;
  readonly #operators: readonly Operator<unknown, unknown>[];
  readonly #chain = new Subscription();
  #upstream: Demand | undefined;
  /** Requested from the source, not yet received. */
  #outstanding = 0;
  #phase: 'edge' | 'idle' | 'unanswered' | 'answered' = 'edge';

  constructor(
    source: Consumable<T>,
    operators: readonly Operator<unknown, unknown>[],
    sink: FlowSink<R>,
  ) {
    this.#source = source;
    this.#sink = sink;
    sink.keep(new LaneBacklog(fail(heldMax), ignore), { onOverflow: () => this.#lose() });
    this.#operators = operators;
    subscribeWithin(this.#chain, this.#behind(operators.length, undefined), {
      next: (value) => this.#output(value as R),
      error: (error: unknown) => sink.error(error),
      complete: () => sink.complete(),
    });
    this.#phase = 'idle';
  }

  request(): void {
    this.#pull();
  }

  unsubscribe(): void {
    this.#chain.unsubscribe();
  }

  /**
   * The source with the first `count` operators applied.
   * @param next the gauge behind the operator that subscribes to it
   */
  #behind(count: number, next: Gauge<unknown> | undefined): Observable<unknown> {
    const operator = this.#operators[count - 1];
    if (operator === undefined) {
      return new Observable<T>((subscriber) => this.#feed(subscriber, next));
    }
    return new Observable<unknown>((subscriber) => {
      const gauge = new Gauge(subscriber, this, next);
      gauge.add(operator.call(gauge, this.#behind(count - 1, gauge)));
    });
  }

  /**
   * Consumes the source for the first operator, again if an operator such as `retry` resubscribes.
   */
  #feed(subscriber: Subscriber<T>, gauge: Gauge<unknown> | undefined): void {
    // Whatever the previous subscription requested but did not receive is requested again.
    this.#outstanding = 0;
    const upstream = this.#source.consume({
      next: (value) => this.#input(subscriber, gauge, value),
      error: (error) => this.#atEdge(() => subscriber.error(error)),
      complete: () => this.#atEdge(() => subscriber.complete()),
    });
    if (!subscriber.closed) this.#upstream = upstream;
    subscriber.add(() => {
      // An operator that failed on a value may still emit something in its place (`catchError`).
      if (this.#phase !== 'idle') this.#phase = 'edge';
      if (this.#upstream === upstream) this.#upstream = undefined;
      upstream.unsubscribe();
    });
    // On a late resubscription (`retry({ delay })`) nothing else would request what is still owed.
    if (this.#phase === 'idle') this.#pull();
  }

  #input(subscriber: Subscriber<T>, gauge: Gauge<unknown> | undefined, value: T): void {
    this.#outstanding -= 1;
    // A side effect in an operator may make the source emit before the outer value is answered.
    const outer = this.#phase;
    this.#phase = 'unanswered';
    deliver(value, subscriber, gauge, this);
    this.#phase = outer;
    if (outer === 'idle') this.#pull();
  }

  #atEdge(emit: () => void): void {
    const outer = this.#phase;
    this.#phase = 'edge';
    emit();
    this.#phase = outer;
    this.#pull();
  }

  #output(value: R): void {
    if (this.#phase === 'unanswered') {
      this.#phase = 'answered';
    } else if (this.#phase !== 'edge') {
      this.#lose();
      return;
    }
    this.#sink.next(value);
  }

  #pull(): void {
    // The value being answered may satisfy the demand; `#input` calls this again once that is
    // known.
    if (this.#phase === 'unanswered') return;
    const count = this.#sink.wanted - this.#outstanding;
    if (count > 0 && this.#upstream !== undefined) {
      this.#outstanding += count;
      this.#upstream.request(count);
    }
  }

  // GaugeWatch: called by the gauges between operators

  mayPass(): boolean {
    if (this.#phase !== 'idle') return true;
    this.#lose();
    return false;
  }

  onPending(): void {
    this.#lose('an operator in front of this consumer took a value without answering at once');
  }

  #lose(
    text = this.#phase === 'answered'
      ? 'an operator in front of this consumer answered one value with several'
      : 'an operator in front of this consumer emitted a value later than the one that it answers',
  ): void {
    // Unsubscribe first: an endless source may be emitting.
    this.unsubscribe();
    const error =
      `${text}, so it cannot be held back: ` +
      'replace it with boundedMergeMap, or put onBackpressure behind it';
    this.#sink.fail(new RxmeshError('RXMESH_DEMAND_LOST', error));
  }
}

function ignore(): void {
  return undefined;
}
