import type { Demand, Flow, FlowConsumer } from '../index.ts';
import type { Frame } from './frame.ts';

/** How many values a call takes from its source before they can be sent. */
const aheadMax = 32;

/**
 * How many bytes of values share a frame, so that little is in front of another call's. A longer
 * value has a frame of its own.
 */
const sharedBytesMax = 1_024;

/** The call whose values these are. */
export interface OutflowOwner<T> {
  /** There is something to send: a value, or the end. */
  ready(): void;
  /** Encodes a value. What it throws ends the values. */
  encode(value: T): Uint8Array;
}

/**
 * Values on their way to the other side. They are pulled from a flow as the credit from there
 * allows, at most 32 at a time, which bounds what waits here.
 */
export class Outflow<T> implements FlowConsumer<T> {
  /** The error with which the source has ended. */
  failure: { readonly error: unknown } | undefined;
  readonly #owner: OutflowOwner<T>;
  #waiting: T[] = [];
  /** An encoded value for which the last frame had no room. Its credit is spent. */
  #left: Uint8Array | undefined;
  #demand: Demand | undefined;
  /** How many more values may be sent. */
  #credit: number;
  /** How many values have been requested that have not arrived. */
  #asked = 0;
  /** The source is being called, so what it says is looked at afterwards. */
  #isCalling = false;
  #isEnded = false;
  #isStopped = false;

  constructor(credit: number, owner: OutflowOwner<T>) {
    this.#credit = credit;
    this.#owner = owner;
  }

  /** Sends the values of a flow. */
  from(flow: Flow<T>): void {
    this.#isCalling = true;
    const demand = flow.consume(this);
    this.#isCalling = false;
    if (this.#isStopped) demand.unsubscribe();
    else this.#demand = demand;
    this.#pull();
    this.#tellIfReady();
  }

  /** Sends a single value. */
  only(value: T): void {
    if (this.#isStopped) return;
    this.#isEnded = true;
    // An array of one: `push` would reserve room for 17.
    this.#waiting = [value];
    this.#tellIfReady();
  }

  /** The other side wants more. */
  grant(count: number): void {
    this.#credit += count;
    this.#pull();
    this.#tellIfReady();
  }

  /** Whether there is a value that may be sent. */
  get hasValue(): boolean {
    return this.#left !== undefined || (this.#waiting.length > 0 && this.#credit > 0);
  }

  /** Whether the source has ended, and no value of it is left. See `failure`. */
  get isDone(): boolean {
    return this.#isEnded && this.#waiting.length === 0 && this.#left === undefined;
  }

  /**
   * Puts the values into a frame that may be sent now: as many as fit, and at least one. Call it
   * only with `hasValue`. Returns false if there is none after all: the call was left, or the value
   * does not encode, which is its `failure`.
   */
  fill(frame: Frame, valuesMax: number): boolean {
    const first = this.#next();
    if (first === undefined) return false;
    frame.payload = first;
    if (this.hasValue && first.length < sharedBytesMax) this.#share(frame, valuesMax);
    return !this.#isStopped;
  }

  /** Leaves the source and forgets what waits. */
  stop(): void {
    this.#isStopped = true;
    this.#isEnded = true;
    this.#left = undefined;
    this.#leave();
  }

  next(value: T): void {
    if (this.#isStopped) return;
    this.#asked -= 1;
    this.#waiting.push(value);
    if (!this.#isCalling) this.#tellIfReady();
  }

  complete(): void {
    if (this.#isStopped) return;
    this.#isEnded = true;
    this.#demand = undefined;
    if (!this.#isCalling) this.#tellIfReady();
  }

  error(error: unknown): void {
    if (this.#isStopped) return;
    this.failure = { error };
    this.complete();
  }

  /** Adds values to a frame that has one, as long as there is room. */
  #share(frame: Frame, valuesMax: number): void {
    const more: Uint8Array[] = [];
    let bytes = frame.payload.length;
    while (more.length + 1 < valuesMax && this.hasValue) {
      const next = this.#next();
      if (next === undefined) break;
      bytes += next.length;
      if (bytes > sharedBytesMax) {
        this.#left = next;
        break;
      }
      more.push(next);
    }
    if (more.length > 0) frame.more = more;
  }

  /** Removes the next value, encodes it, and asks for more. */
  #next(): Uint8Array | undefined {
    const left = this.#left;
    this.#left = undefined;
    if (left !== undefined) return left;
    const value = this.#waiting.shift() as T;
    this.#credit -= 1;
    this.#pull();
    try {
      return this.#owner.encode(value);
    } catch (error) {
      this.failure = { error };
      this.#isEnded = true;
      this.#leave();
      return undefined;
    }
  }

  #leave(): void {
    this.#waiting.length = 0;
    const demand = this.#demand;
    this.#demand = undefined;
    demand?.unsubscribe();
  }

  /** Asks when at most half of what may wait is there, so the source is not called for each. */
  #pull(): void {
    if (this.#isEnded || this.#isCalling) return;
    const held = this.#asked + this.#waiting.length;
    const count = Math.min(this.#credit, aheadMax) - held;
    if (count <= 0 || 2 * held > aheadMax) return;
    this.#asked += count;
    this.#isCalling = true;
    this.#demand?.request(count);
    this.#isCalling = false;
  }

  #tellIfReady(): void {
    if (this.#isStopped) return;
    if (this.hasValue || this.isDone) this.#owner.ready();
  }
}
