import { Observable } from 'rxjs';
import type { Backlog } from './backlog.ts';
import type { Demand, FlowSink } from './demand.ts';
import { isFlow } from './flow.ts';
import { Lane } from './lane.ts';
import { laneCapacityMax } from './strategy.ts';

/**
 * How many results of `boundedMergeMap` may wait for a consumer without demand; the concurrency, if
 * that is more.
 */
const resultsMax = 1024;

/** A result waiting for the consumer. */
interface Waiting<R> {
  readonly result: R;
  /**
   * If the result came from a flow: its handle, to request the next result when this one leaves.
   */
  readonly inner: Demand | undefined;
}

/** Results of several inner Observables, queued for one consumer with demand. */
export class Results<R> implements Backlog<R> {
  readonly #sink: FlowSink<R>;
  readonly #lane: Lane<Waiting<R>>;
  /** Where the result being delivered comes from. */
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

  /** Delivers a result or queues it. */
  deliver(result: R, inner?: Demand): void {
    this.#inner = inner;
    if (this.#sink.next(result)) inner?.request(1);
  }

  /**
   * If `inner` is a flow, requests one result at a time, so that at most one of its results waits.
   */
  heldBack(inner: Observable<R>): Observable<R> {
    if (!isFlow(inner)) return inner;
    return new Observable((subscriber) => {
      const demand: Demand = inner.consume({
        next: (result) => this.deliver(result, demand),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      subscriber.add(() => demand.unsubscribe());
      demand.request(1);
    });
  }
}
