/* eslint-disable @typescript-eslint/no-deprecated -- see flow.ts; RxJS 7 has no other way to be a subscriber */
import { Subscriber, type TeardownLogic } from 'rxjs';

/** What the gauges of an operator chain report to. */
export interface GaugeWatch {
  /** An operator has emitted a value to the next one. Returns false if it is too late. */
  mayPass(): boolean;
  /** An operator is still working on a value without having answered it. */
  onPending(): void;
}

/**
 * Sits behind an operator of a chain and detects what the final consumer may not see because later
 * operators drop it: values that come later than the one they answer, and work in progress.
 *
 *     in        -a-------b-
 *               concatMap(save)       save(a) takes 5
 *     out       ------A----           A is late
 *     isWorking  -----                from subscribing to save(a) until it ends
 *
 * RxJS adds whatever an operator subscribes to or schedules for a value to the operator's
 * subscriber, which is this gauge, and removes it when it has ended.
 */
export class Gauge<T> extends Subscriber<T> {
  /** How many values the operator has emitted. */
  passed = 0;
  readonly #watch: GaugeWatch;
  /** The gauge behind the next operator, if there is one. */
  readonly #next: Gauge<unknown> | undefined;
  readonly #pending = new Set<TeardownLogic>();

  constructor(destination: Subscriber<T>, watch: GaugeWatch, next: Gauge<unknown> | undefined) {
    super(destination);
    this.#watch = watch;
    this.#next = next;
  }

  /** How much is in progress: what the operator is subscribed to, including its source. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  override add(teardown: TeardownLogic): void {
    super.add(teardown);
    if (isUnderWay(teardown)) this.#pending.add(teardown);
  }

  override remove(teardown: Exclude<TeardownLogic, void>): void {
    super.remove(teardown);
    this.#pending.delete(teardown);
  }

  protected override _next(value: T): void {
    this.passed += 1;
    if (this.#next === undefined) this.destination.next(value);
    else if (this.#watch.mayPass()) deliver(value, this.destination, this.#next, this.#watch);
  }
}

/** Duck-typed, since the operator may come from another copy of RxJS. */
function isUnderWay(teardown: TeardownLogic): boolean {
  return typeof teardown === 'object' && 'closed' in teardown && !teardown.closed;
}

/** Passes a value to the operator in front of `gauge`, if there is one. */
export function deliver<T>(
  value: T,
  taker: { next(value: T): void },
  gauge: Gauge<unknown> | undefined,
  watch: GaugeWatch,
): void {
  if (gauge === undefined) {
    taker.next(value);
    return;
  }
  const { passed, pendingCount } = gauge;
  taker.next(value);
  if (gauge.passed === passed && gauge.pendingCount > pendingCount && !gauge.closed)
    watch.onPending();
}
