/* eslint-disable @typescript-eslint/no-deprecated -- see flow.ts; RxJS 7 has no other way to be a subscriber */
import { Subscriber, type TeardownLogic } from 'rxjs';

/** What the gauges of a chain are for. */
export interface GaugeWatch {
  /** A value has left an operator for the next one: false if it comes too late. */
  mayPass(): boolean;
  /** An operator has taken a value, works on it, and has not answered. */
  worksOn(): void;
}

/**
 * Stands behind an operator of a chain, and sees what the last consumer cannot, since other
 * operators may leave it out: values that come later than those which they answer, and work that
 * goes on.
 *
 *     in        -a-------b-
 *               concatMap(save)       save(a) takes 5
 *     out       ------A----           A is late
 *     isWorking  -----                what is subscribed to for a, until it is over
 *
 * What an operator subscribes to or schedules for a value is added to its subscriber, which is
 * this; RxJS takes it away when it is over.
 */
export class Gauge<T> extends Subscriber<T> {
  /** Values that have left the operator. */
  passed = 0;
  readonly #watch: GaugeWatch;
  /** Behind the next operator, if there is one. */
  readonly #next: Gauge<unknown> | undefined;
  readonly #works = new Set<TeardownLogic>();

  constructor(destination: Subscriber<T>, watch: GaugeWatch, next: Gauge<unknown> | undefined) {
    super(destination);
    this.#watch = watch;
    this.#next = next;
  }

  /** How much is under way: what the operator has subscribed to, its source too. */
  get works(): number {
    return this.#works.size;
  }

  override add(teardown: TeardownLogic): void {
    super.add(teardown);
    if (isUnderWay(teardown)) this.#works.add(teardown);
  }

  override remove(teardown: Exclude<TeardownLogic, void>): void {
    super.remove(teardown);
    this.#works.delete(teardown);
  }

  protected override _next(value: T): void {
    this.passed += 1;
    if (this.#next === undefined) this.destination.next(value);
    else if (this.#watch.mayPass()) give(value, this.destination, this.#next, this.#watch);
  }
}

/** By its shape, since an operator may be of another copy of RxJS. */
function isUnderWay(teardown: TeardownLogic): boolean {
  return typeof teardown === 'object' && 'closed' in teardown && !teardown.closed;
}

/** Gives a value to the operator in front of `gauge`, if there is one. */
export function give<T>(
  value: T,
  taker: { next(value: T): void },
  gauge: Gauge<unknown> | undefined,
  watch: GaugeWatch,
): void {
  if (gauge === undefined) {
    taker.next(value);
    return;
  }
  const { passed, works } = gauge;
  taker.next(value);
  if (gauge.passed === passed && gauge.works > works && !gauge.closed) watch.worksOn();
}
