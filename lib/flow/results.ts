import { Observable } from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import type { Demand, FlowConsumer } from './demand.ts';
import { isFlow } from './flow.ts';
import { Lane } from './lane.ts';
import { laneCapacityMax } from './strategy.ts';

/** Results of `boundedMergeMap` that wait for a consumer without demand, or its concurrency if that is more. */
const resultsMax = 1024;

/** A result that waits. */
interface Waiting<R> {
  readonly result: R;
  /** Of the flow that it came from, which is asked for its next one when this is delivered. */
  readonly inner: Demand | undefined;
}

/** What a merge asks its results for, and what they tell it. */
interface ResultsOwner {
  /** Fewer results wait. */
  readonly onRoom: () => void;
  readonly onOverflow: (error: RxmeshError) => void;
}

/** Holds the results of several inner Observables for one consumer with demand, in a bounded lane. */
export class Results<R> {
  readonly #consumer: FlowConsumer<R>;
  readonly #owner: ResultsOwner;
  readonly #lane: Lane<Waiting<R>>;
  /** Requested, and not delivered. */
  #owed = 0;
  #delivering = false;
  /** Tells the consumer of the end, which comes behind what waits. */
  #end: (() => void) | undefined;

  constructor(concurrency: number, consumer: FlowConsumer<R>, owner: ResultsOwner) {
    this.#consumer = consumer;
    this.#owner = owner;
    const capacity = Math.min(Math.max(resultsMax, concurrency), laneCapacityMax);
    this.#lane = new Lane({ strategy: 'fail', capacity });
  }

  /** How many results wait. */
  get size(): number {
    return this.#lane.size;
  }

  request(count: number): void {
    this.#owed += count;
    this.#deliverWaiting();
  }

  /** Delivers a result, or lets it wait. */
  put(result: R, inner?: Demand): void {
    if (this.#delivering || this.#owed === 0) {
      if (this.#lane.offer({ result, inner }) === 'taken') return;
      const text = `boundedMergeMap: ${this.#lane.size} results wait already`;
      this.#owner.onOverflow(new RxmeshError('RXMESH_OVERFLOW', text));
      return;
    }
    // Who has demand and gets nothing at the moment has nothing waiting either.
    this.#delivering = true;
    this.#deliver(result, inner);
    this.#delivering = false;
    if (this.#lane.size > 0) this.#deliverWaiting();
  }

  /** Completes behind what waits. */
  complete(): void {
    this.#endWith(() => this.#consumer.complete());
  }

  /** Fails behind what waits: a consumer that had kept up would have got that before. */
  error(error: unknown): void {
    this.#endWith(() => this.#consumer.error(error));
  }

  /** `inner`, if it is a flow, asked for one result at a time: none of its own accord ever waits for the consumer. */
  heldBack(inner: Observable<R>): Observable<R> {
    if (!isFlow(inner)) return inner;
    return new Observable((subscriber) => {
      const demand: Demand = inner.consume({
        next: (result) => this.put(result, demand),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      subscriber.add(() => demand.unsubscribe());
      demand.request(1);
    });
  }

  /** A loop that is not entered twice: what a consumer requests, or a flow emits next, is for it. */
  #deliverWaiting(): void {
    if (this.#delivering) return;
    const before = this.#lane.size;
    this.#delivering = true;
    while (this.#owed > 0) {
      const waiting = this.#lane.take();
      if (waiting === undefined) break;
      this.#deliver(waiting.result, waiting.inner);
    }
    this.#delivering = false;
    if (this.#lane.size < before) this.#owner.onRoom();
    if (this.#lane.size === 0) this.#end?.();
  }

  #endWith(end: () => void): void {
    this.#end ??= end;
    if (this.#lane.size === 0) this.#end();
  }

  #deliver(result: R, inner: Demand | undefined): void {
    this.#owed -= 1;
    this.#consumer.next(result);
    inner?.request(1);
  }
}
