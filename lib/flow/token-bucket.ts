import type { Clock } from './clock.ts';

/**
 * A token bucket: fills at a steady rate up to a limit. Counts in thousandths of a token, so a
 * whole number of tokens per second adds up without rounding, no matter how often it is read.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #fullMilli: number;
  readonly #clock: Clock;
  #milli: number;
  #filledAtMs: number;

  /**
   * @param burst the most tokens it holds; it starts full
   * @param clock must never go backwards: see `forwardClock`
   */
  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#fullMilli = burst * 1000;
    this.#clock = clock;
    this.#milli = this.#fullMilli;
    this.#filledAtMs = clock.now();
  }

  /** Takes `count` tokens (0 or more) if there are enough. */
  take(count: number): boolean {
    this.#fill();
    const wanted = count * 1000;
    if (wanted > this.#milli) return false;
    this.#milli -= wanted;
    return true;
  }

  /**
   * Takes `count` tokens (0 or more) even if there are fewer, which leaves a debt to be paid off
   * first.
   */
  spend(count: number): void {
    this.#fill();
    this.#milli -= count * 1000;
  }

  /**
   * Whole milliseconds until `count` tokens are available: 0 if they are now, Infinity if the
   * bucket can never hold that many.
   */
  msUntil(count: number): number {
    this.#fill();
    const wanted = count * 1000;
    if (wanted <= this.#milli) return 0;
    if (wanted > this.#fullMilli) return Infinity;
    return Math.ceil((wanted - this.#milli) / this.#perSecond);
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    const filled = this.#milli + (nowMs - this.#filledAtMs) * this.#perSecond;
    this.#filledAtMs = nowMs;
    this.#milli = Math.min(this.#fullMilli, filled);
  }
}
