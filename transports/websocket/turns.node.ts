import type { Clock } from '../../lib/flow/clock.ts';

/** How long sockets are read at a stretch, in milliseconds; then the event loop turns once. */
const turnMs = 5;
/**
 * So much is read before anybody asks whether it was in one turn: to hear of its end costs a round
 * of the event loop.
 */
const uncountedBytesMax = 1_048_576;

/** A socket that waits for its turn. */
export interface Waiting {
  /** Handles some of what was read. Returns whether more of it is left. */
  visit(): boolean;
}

/** Runs `work` once the event loop has turned. */
export type AfterLoop = (work: () => void) => unknown;

/**
 * Shares each turn of the event loop among the sockets of a process. A socket that brings little is
 * none of its business. One that brings much is served at once while there is time, then waits in a
 * queue, which is served in rounds, some frames of each: of reads `aaaa`, `bbbb` and `c`, what is
 * handled is `aa bb c`, then `aa bb`.
 */
export class Turns {
  readonly clock: Clock;
  readonly #afterLoop: AfterLoop;
  #waiting: Waiting[] = [];
  #spentMs = 0;
  #isAwaited = false;
  #uncountedBytes = 0;
  /** How many turns have ended that were awaited. */
  ended = 0;

  /** @param clock one that never goes back */
  constructor(clock: Clock, afterLoop: AfterLoop = setImmediate) {
    this.clock = clock;
    this.#afterLoop = afterLoop;
  }

  /** Whether there is time left in this turn, and nobody waits for it. */
  get isOpen(): boolean {
    return this.#spentMs < turnMs && this.#waiting.length === 0;
  }

  /** Has the end of this turn counted. Returns whether it was to be counted already. */
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
   * Whether a read of so many bytes is still little: in a turn whose time counts, none is that
   * counts itself.
   */
  isLittle(bytes: number): boolean {
    if (this.#isAwaited) return false;
    this.#uncountedBytes += bytes;
    return this.#uncountedBytes <= uncountedBytesMax;
  }

  /** Serves a socket now, at the expense of this turn. Returns whether more of it is left. */
  serve(waiting: Waiting): boolean {
    this.awaitEnd();
    const beganMs = this.clock.now();
    const isMore = waiting.visit();
    this.#spentMs += this.clock.now() - beganMs;
    return isMore;
  }

  /** Has it served now, or when it is its turn. */
  take(waiting: Waiting): void {
    if (!this.isOpen || this.serve(waiting)) this.queue(waiting);
  }

  /** Has it served when it is its turn. */
  queue(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.awaitEnd();
  }

  readonly #next = (): void => {
    this.#isAwaited = false;
    this.ended += 1;
    this.#spentMs = 0;
    const beganMs = this.clock.now();
    while (this.#waiting.length > 0 && this.#spentMs < turnMs) this.#round(beganMs);
    if (this.#waiting.length > 0) this.awaitEnd();
  };

  /**
   * Serves each that waits once, as far as time allows; those that have more wait behind the
   * others.
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

/** The turns that all sockets of a clock share: with the system's, those of the process. */
export function turnsOf(clock: Clock): Turns {
  const known = turnsByClock.get(clock);
  if (known !== undefined) return known;
  const turns = new Turns(clock);
  turnsByClock.set(clock, turns);
  return turns;
}
