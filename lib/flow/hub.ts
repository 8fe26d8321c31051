import { type Demand, type FlowOrigin, type FlowSink, noDemand } from './demand.ts';
import { Flow } from './flow.ts';

interface Connected<T> {
  readonly consumer: FlowSink<T>;
  demand: number;
  isOver: boolean;
}

/** Shared, since `release` runs for each message. */
const noConsumers: readonly never[] = [];

/**
 * Multicasts one source to several consumers, each of which gets every value. A value is emitted
 * once all of them have demand, so the slowest sets the pace.
 */
export class Hub<T> {
  /** For consumers. Those that arrive after the end are notified of it immediately. */
  readonly flow: Flow<T>;
  readonly #onReady: () => void;
  /** Never changed in place: a consumer added during an emission starts with the next value. */
  #consumers: readonly Connected<T>[] = [];
  /** The consumers that the value being prepared is for. */
  #held: readonly Connected<T>[] = noConsumers;
  /** How many consumers have no demand. */
  #waiting = 0;
  #emitting = false;
  /** Notifies a consumer of the end. */
  #end: ((consumer: FlowSink<T>) => void) | undefined;

  /**
   * @param onReady called when there may be demand; emit while the hub is `ready`
   * @param origin the origin of `flow`
   */
  constructor(onReady: () => void, origin?: FlowOrigin) {
    this.#onReady = onReady;
    this.flow = new Flow((consumer) => this.connect(consumer), undefined, origin);
  }

  /** Whether there are consumers and all of them have demand. */
  get ready(): boolean {
    return this.#waiting === 0 && this.#consumers.length > 0;
  }

  get isEmpty(): boolean {
    return this.#consumers.length === 0;
  }

  /**
   * Whether a consumer wants a value for itself. `ready` only says that all have room for one: a
   * consumer with a lane may have room for values it has not asked for.
   */
  get isWanted(): boolean {
    for (const { consumer } of this.#consumers) if (consumer.wanted > 0) return true;
    return false;
  }

  /**
   * Announces that a value is being prepared for the current consumers. `next` or `release` must
   * follow.
   */
  hold(): void {
    this.#emitting = true;
    this.#held = this.#consumers;
  }

  /**
   * Emits a value to the consumers of `hold`, or to the current ones if it was not called. Call it
   * only when `ready`. Returns false if all those consumers have left.
   */
  next(value: T): boolean {
    if (!this.#emitting) this.hold();
    let isTaken = false;
    for (const each of this.#held) {
      if (each.isOver) continue;
      isTaken = true;
      each.demand -= 1;
      if (each.demand === 0) this.#waiting += 1;
      each.consumer.next(value);
    }
    this.release();
    return isTaken;
  }

  /** Ends a `hold` without a value. */
  release(): void {
    this.#emitting = false;
    this.#held = noConsumers;
    if (this.#end !== undefined) this.#notify(this.#end);
  }

  /** Completes all consumers; during an emission, after each has received the value. */
  complete(): void {
    this.#endWith((consumer) => consumer.complete());
  }

  /** Like `complete`, with an error. */
  error(error: unknown): void {
    this.#endWith((consumer) => consumer.error(error));
  }

  #endWith(end: (consumer: FlowSink<T>) => void): void {
    this.#end ??= end;
    if (!this.#emitting) this.#notify(this.#end);
  }

  #notify(end: (consumer: FlowSink<T>) => void): void {
    const consumers = this.#consumers;
    this.#consumers = [];
    this.#waiting = 0;
    for (const each of consumers) {
      if (each.isOver) continue;
      each.isOver = true;
      end(each.consumer);
    }
  }

  /** Adds a consumer. It must also request the values that are to wait in its lane. */
  connect(consumer: FlowSink<T>): Demand {
    if (this.#end !== undefined) {
      this.#end(consumer);
      return noDemand;
    }
    const connected: Connected<T> = { consumer, demand: 0, isOver: false };
    this.#consumers = [...this.#consumers, connected];
    this.#waiting += 1;
    return {
      request: (count) => {
        if (connected.isOver) return;
        const waited = connected.demand === 0;
        connected.demand += count;
        if (!waited) return;
        this.#waiting -= 1;
        this.#onReady();
      },
      unsubscribe: () => {
        if (connected.isOver) return;
        connected.isOver = true;
        this.#consumers = this.#consumers.filter((each) => each !== connected);
        if (connected.demand > 0) return;
        this.#waiting -= 1;
        this.#onReady();
      },
    };
  }
}
