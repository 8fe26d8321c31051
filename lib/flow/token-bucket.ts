import type { Clock } from './clock.ts';

/**
 * Fills at a steady rate up to a limit; whoever passes takes tokens out. It counts in thousandths
 * of a token: a rate of whole tokens a second then adds up without rounding, however often it is
 * asked.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #fullMilli: number;
  readonly #clock: Clock;
  #milli: number;
  #filledAtMs: number;

  /**
   * @param burst tokens that it holds at most, and at first
   * @param clock one that never goes back: see `forwardClock`
   */
  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#fullMilli = burst * 1000;
    this.#clock = clock;
    this.#milli = this.#fullMilli;
    this.#filledAtMs = clock.now();
  }

  /** Takes `count` tokens (0 or more) if there are so many. */
  take(count: number): boolean {
    this.#fill();
    const wanted = count * 1000;
    if (wanted > this.#milli) return false;
    this.#milli -= wanted;
    return true;
  }

  /**
   * Takes `count` tokens (0 or more), also when there are fewer: what is missing is paid off first.
   */
  spend(count: number): void {
    this.#fill();
    this.#milli -= count * 1000;
  }

  /**
   * Whole milliseconds until there are `count` tokens: 0 when there are, Infinity when it never
   * holds so many.
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
