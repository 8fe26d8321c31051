import { type Observable, Subscription } from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { LaneBacklog } from './backlog.ts';
import type { Consumable, Demand } from './demand.ts';
import { reportUnhandled } from './report-unhandled.ts';
import type { LaneOptions } from './strategy.ts';
import { subscribeWithin } from './subscribe-within.ts';

/** Who takes the values of a supply. */
export interface Taker<T> {
  /** Takes a value. True: the next one may come at once. False: not before the next `pull`. */
  next(value: T): boolean;
  error(error: unknown): void;
  complete(): void;
}

/** Gives values to a taker, at its pace. */
export interface Supply {
  /** Whether nothing waits here while the taker takes nothing. */
  readonly isHeldBack: boolean;
  /** Gives values until the taker has enough, now or as they come. Nothing comes before the first call. */
  pull(): void;
  /** Gives nothing more. */
  close(): void;
}

/**
 * The values of an iterator, each made when it is wanted. The iterator's `return` is called when it is
 * left before its end.
 */
export class IterableSupply<T> implements Supply {
  readonly isHeldBack = true;
  readonly #iterable: Iterable<T>;
  readonly #taker: Taker<T>;
  #iterator: Iterator<T> | undefined;
  #calling = false;
  #over = false;

  constructor(iterable: Iterable<T>, taker: Taker<T>) {
    this.#iterable = iterable;
    this.#taker = taker;
  }

  pull(): void {
    while (!this.#over) {
      const result = this.#call();
      if (result === undefined) return;
      if (result.done === true) {
        this.#over = true;
        this.#taker.complete();
        return;
      }
      if (!this.#taker.next(result.value)) return;
    }
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    // A generator that runs cannot be left.
    if (!this.#calling) this.#leave();
  }

  /** Undefined when this is over: the iterator has thrown, or its own code has closed this. */
  #call(): IteratorResult<T> | undefined {
    let result: IteratorResult<T>;
    this.#calling = true;
    try {
      this.#iterator ??= this.#iterable[Symbol.iterator]();
      result = this.#iterator.next();
    } catch (thrown) {
      // Which is its end, as in a `for of` loop.
      this.#over = true;
      this.#taker.error(thrown);
      return undefined;
    } finally {
      this.#calling = false;
    }
    if (!this.#over) return result;
    if (result.done !== true) this.#leave();
    return undefined;
  }

  #leave(): void {
    try {
      this.#iterator?.return?.();
    } catch (thrown) {
      // Whoever left does not wait for it.
      reportUnhandled(thrown);
    }
  }
}

/** The values of a flow, of which one is requested at a time. */
export class FlowSupply<T> implements Supply {
  readonly isHeldBack = true;
  readonly #flow: Consumable<T>;
  readonly #taker: Taker<T>;
  #demand: Demand | undefined;

  constructor(flow: Consumable<T>, taker: Taker<T>) {
    this.#flow = flow;
    this.#taker = taker;
  }

  pull(): void {
    const taker = this.#taker;
    this.#demand ??= this.#flow.consume({
      next: (value) => {
        if (taker.next(value)) this.#demand?.request(1);
      },
      error: (error) => taker.error(error),
      complete: () => taker.complete(),
    });
    this.#demand.request(1);
  }

  close(): void {
    this.#demand?.unsubscribe();
  }
}

/**
 * The values of an Observable, which wait in a lane that drops or fails when it is full. The source is
 * subscribed to when the taker wants a value, not before: what it emits at once goes past the lane as long as
 * the taker takes it.
 */
export class BufferedSupply<T> implements Supply {
  readonly isHeldBack = false;
  readonly #source: Observable<T>;
  readonly #taker: Taker<T>;
  readonly #backlog: LaneBacklog<T>;
  #subscription: Subscription | undefined;
  /** The taker waits for a value. */
  #wanted = false;
  #ended = false;

  constructor(
    source: Observable<T>,
    taker: Taker<T>,
    options: LaneOptions,
    onDrop: ((value: T) => void) | undefined,
  ) {
    this.#source = source;
    this.#taker = taker;
    this.#backlog = new LaneBacklog(options, (value) => onDrop?.(value));
  }

  pull(): void {
    this.#wanted = true;
    this.#drain();
    if (this.#subscription === undefined) this.#subscribe();
  }

  close(): void {
    this.#subscription?.unsubscribe();
    this.#wanted = false;
    this.#backlog.clear();
  }

  #subscribe(): void {
    this.#subscription = new Subscription();
    subscribeWithin(this.#subscription, this.#source, {
      next: (value) => this.#arrive(value),
      error: (error: unknown) => this.#taker.error(error),
      complete: () => {
        this.#ended = true;
        this.#drain();
      },
    });
  }

  #arrive(value: T): void {
    // Who wants a value has none waiting.
    if (this.#wanted) {
      this.#give(value);
      this.#drain();
    } else {
      this.#keep(value);
    }
  }

  #drain(): void {
    while (this.#wanted && this.#backlog.size > 0) this.#give(this.#backlog.take() as T);
    if (this.#wanted && this.#ended) this.#taker.complete();
  }

  /** What the source emits meanwhile waits. */
  #give(value: T): void {
    this.#wanted = false;
    this.#wanted = this.#taker.next(value);
  }

  #keep(value: T): void {
    try {
      if (this.#backlog.put(value)) return;
    } catch (thrown) {
      this.#taker.error(thrown);
      return;
    }
    const text = `${this.#backlog.size} values wait already`;
    this.#taker.error(new RxmeshError('RXMESH_OVERFLOW', text));
  }
}
