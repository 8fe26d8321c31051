import { type Demand, type FlowOrigin, type FlowSink, noDemand } from './demand.ts';
import { Flow } from './flow.ts';

interface Connected<T> {
  readonly consumer: FlowSink<T>;
  demand: number;
  over: boolean;
}

/** One list for all: it is taken up with each message. */
const nobody: readonly never[] = [];

/**
 * One source for several consumers, each of which gets every value. A value is emitted when all of
 * them want it: the slowest sets the pace.
 */
export class Hub<T> {
  /** For consumers; those that come after the end hear of it at once. */
  readonly flow: Flow<T>;
  readonly #onReady: () => void;
  /** Never changed in place: whoever comes during an emission gets the next value. */
  #consumers: readonly Connected<T>[] = [];
  /** For whom the value is that is being made. */
  #held: readonly Connected<T>[] = nobody;
  /** How many consumers have no demand. */
  #waiting = 0;
  #emitting = false;
  /** Tells a consumer of the end. */
  #end: ((consumer: FlowSink<T>) => void) | undefined;

  /**
   * @param onReady there may be demand now: the time to emit, as long as the hub is `ready`
   * @param origin the flow's
   */
  constructor(onReady: () => void, origin?: FlowOrigin) {
    this.#onReady = onReady;
    this.flow = new Flow((consumer) => this.connect(consumer), undefined, origin);
  }

  /** Whether there are consumers, and all want a value. */
  get ready(): boolean {
    return this.#waiting === 0 && this.#consumers.length > 0;
  }

  /** Whether there are no consumers. */
  get isEmpty(): boolean {
    return this.#consumers.length === 0;
  }

  /**
   * Whether a consumer wants a value for itself. `ready` says that all have a place for one: a
   * consumer with a lane has places that it has not asked for.
   */
  get isWanted(): boolean {
    for (const { consumer } of this.#consumers) if (consumer.wanted > 0) return true;
    return false;
  }

  /**
   * A value is about to be made, for the consumers that are there now: `next` or `release` follows.
   */
  hold(): void {
    this.#emitting = true;
    this.#held = this.#consumers;
  }

  /**
   * Emits a value to those that were held, or are there. To be called when `ready`. False when all
   * have left since.
   */
  next(value: T): boolean {
    if (!this.#emitting) this.hold();
    let isTaken = false;
    for (const each of this.#held) {
      if (each.over) continue;
      isTaken = true;
      each.demand -= 1;
      if (each.demand === 0) this.#waiting += 1;
      each.consumer.next(value);
    }
    this.release();
    return isTaken;
  }

  /** There is no value. */
  release(): void {
    this.#emitting = false;
    this.#held = nobody;
    if (this.#end !== undefined) this.#tell(this.#end);
  }

  /** Ends all consumers; during an emission when each of them has got the value. */
  complete(): void {
    this.#endWith((consumer) => consumer.complete());
  }

  /** The same with an error. */
  error(error: unknown): void {
    this.#endWith((consumer) => consumer.error(error));
  }

  #endWith(end: (consumer: FlowSink<T>) => void): void {
    this.#end ??= end;
    if (!this.#emitting) this.#tell(this.#end);
  }

  #tell(end: (consumer: FlowSink<T>) => void): void {
    const consumers = this.#consumers;
    this.#consumers = [];
    this.#waiting = 0;
    for (const each of consumers) {
      if (each.over) continue;
      each.over = true;
      end(each.consumer);
    }
  }

  /** Adds a consumer. It requests what it takes, also what is to wait in its lane. */
  connect(consumer: FlowSink<T>): Demand {
    if (this.#end !== undefined) {
      this.#end(consumer);
      return noDemand;
    }
    const connected: Connected<T> = { consumer, demand: 0, over: false };
    this.#consumers = [...this.#consumers, connected];
    this.#waiting += 1;
    return {
      request: (count) => {
        if (connected.over) return;
        const waited = connected.demand === 0;
        connected.demand += count;
        if (!waited) return;
        this.#waiting -= 1;
        this.#onReady();
      },
      unsubscribe: () => {
        if (connected.over) return;
        connected.over = true;
        this.#consumers = this.#consumers.filter((each) => each !== connected);
        if (connected.demand > 0) return;
        this.#waiting -= 1;
        this.#onReady();
      },
    };
  }
}
