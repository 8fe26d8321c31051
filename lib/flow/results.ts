import { Observable } from 'rxjs';
import type { Backlog } from './backlog.ts';
import type { Demand, FlowSink } from './demand.ts';
import { isFlow } from './flow.ts';
import { Lane } from './lane.ts';
import { laneCapacityMax } from './strategy.ts';

/**
 * Results of `boundedMergeMap` that wait for a consumer without demand, or its concurrency if that
 * is more.
 */
const resultsMax = 1024;

/** A result that waits. */
interface Waiting<R> {
  readonly result: R;
  /** Of the flow that it came from, which is asked for its next one when this leaves. */
  readonly inner: Demand | undefined;
}

/** The results of several inner Observables on their way to one consumer with demand. */
export class Results<R> implements Backlog<R> {
  readonly #sink: FlowSink<R>;
  readonly #lane: Lane<Waiting<R>>;
  /** Where the result comes from that is being given. */
  #inner: Demand | undefined;

  constructor(concurrency: number, sink: FlowSink<R>) {
    const capacity = Math.min(Math.max(resultsMax, concurrency), laneCapacityMax);
    this.#lane = new Lane({ strategy: 'fail', capacity });
    this.#sink = sink;
  }

  get size(): number {
    return this.#lane.size;
  }

  put(result: R): boolean {
    return this.#lane.offer({ result, inner: this.#inner }) === 'taken';
  }

  take(): R | undefined {
    const waiting = this.#lane.take();
    waiting?.inner?.request(1);
    return waiting?.result;
  }

  /** Delivers a result, or lets it wait. */
  give(result: R, inner?: Demand): void {
    this.#inner = inner;
    if (this.#sink.next(result)) inner?.request(1);
  }

  /**
   * `inner`, if it is a flow, asked for one result at a time: no more than one of its own ever
   * waits.
   */
  heldBack(inner: Observable<R>): Observable<R> {
    if (!isFlow(inner)) return inner;
    return new Observable((subscriber) => {
      const demand: Demand = inner.consume({
        next: (result) => this.give(result, demand),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      subscriber.add(() => demand.unsubscribe());
      demand.request(1);
    });
  }
}
