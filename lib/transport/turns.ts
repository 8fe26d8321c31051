import type { Clock } from '../flow/clock.ts';

/** How long sockets are read in a row, in milliseconds, before yielding to the event loop. */
const turnMs = 5;
/**
 * How much may be read before checking whether it came in a single turn: detecting the end of a
 * turn costs an iteration of the event loop.
 */
const uncountedBytesMax = 1_048_576;

/** A socket waiting for its turn. */
export interface Waiting {
  /** Handles some of what was read. Returns whether there is more. */
  visit(): boolean;
}

/** Runs `work` after one iteration of the event loop: `setImmediate` in Node. */
export type AfterLoop = (work: () => void) => unknown;

/**
 * Shares each turn of the event loop among the sockets of a process. A socket that brings little
 * bypasses it. One that brings much is served immediately while there is time, and then waits in a
 * queue that is served round-robin, a few frames at a time: reads `aaaa`, `bbbb` and `c` are
 * handled as `aa bb c`, then `aa bb`.
 */
export class Turns {
  readonly clock: Clock;
  readonly #afterLoop: AfterLoop;
  #waiting: Waiting[] = [];
  #spentMs = 0;
  #isAwaited = false;
  #uncountedBytes = 0;
  /** How many awaited turns have ended. */
  endedCount = 0;

  /** @param clock must never go backwards */
  constructor(clock: Clock, afterLoop: AfterLoop) {
    this.clock = clock;
    this.#afterLoop = afterLoop;
  }

  /** Whether there is time left in this turn and the queue is empty. */
  get isOpen(): boolean {
    return this.#spentMs < turnMs && this.#waiting.length === 0;
  }

  /** Makes sure that the end of this turn is counted. Returns whether it already was to be. */
  awaitEnd(): boolean {
    const wasAwaited = this.#isAwaited;
    if (!wasAwaited) {
      this.#isAwaited = true;
      this.#uncountedBytes = 0;
      this.#afterLoop(this.#next);
    }
    return wasAwaited;
  }

  /**
   * Whether a read of this size still counts as little. Once the time of a turn counts, no read
   * that reaches `largeReadBytes` does.
   */
  isSmall(bytes: number): boolean {
    if (this.#isAwaited) return false;
    this.#uncountedBytes += bytes;
    return this.#uncountedBytes <= uncountedBytesMax;
  }

  /** Serves a socket now, using up time of this turn. Returns whether there is more. */
  serve(waiting: Waiting): boolean {
    this.awaitEnd();
    const beganMs = this.clock.now();
    const isMore = waiting.visit();
    this.#spentMs += this.clock.now() - beganMs;
    return isMore;
  }

  /** Serves a socket now if there is time, or queues it. */
  take(waiting: Waiting): void {
    if (!this.isOpen || this.serve(waiting)) this.queue(waiting);
  }

  /** Queues a socket until its turn. */
  queue(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.awaitEnd();
  }

  readonly #next = (): void => {
    this.#isAwaited = false;
    this.endedCount += 1;
    this.#spentMs = 0;
    const beganMs = this.clock.now();
    while (this.#waiting.length > 0 && this.#spentMs < turnMs) this.#round(beganMs);
    if (this.#waiting.length > 0) this.awaitEnd();
  };

  /**
   * Serves each waiting socket once while time allows; those with more data are queued again at the
   * end.
   */
  #round(beganMs: number): void {
    const round = this.#waiting;
    this.#waiting = [];
    const more: Waiting[] = [];
    let served = 0;
    for (; served < round.length && this.#spentMs < turnMs; served += 1) {
      const waiting = round[served];
      if (waiting?.visit() === true) more.push(waiting);
      this.#spentMs = this.clock.now() - beganMs;
    }
    this.#waiting = [...round.slice(served), ...this.#waiting, ...more];
  }
}

const turnsByClock = new WeakMap<Clock, Turns>();

/** The turns shared by all sockets of a clock; with the system clock, by the whole process. */
export function turnsOf(clock: Clock, afterLoop: AfterLoop): Turns {
  const known = turnsByClock.get(clock);
  if (known !== undefined) return known;
  const turns = new Turns(clock, afterLoop);
  turnsByClock.set(clock, turns);
  return turns;
}
