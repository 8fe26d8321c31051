import type { Clock } from '../flow/clock.ts';

/** How many control packets a peer may send in a burst. */
const controlAtOnceMax = 1_024;
/** How many more it may send per second, not counting those earned by messages. */
const controlPerSecondMax = 1_000;

/**
 * Limits the packets that carry no message: pings, pongs, credit, and channels opened or closed.
 * From an honest peer they accompany messages, so each message earns one. A peer that sends nothing
 * else is held to a rate.
 */
export class ControlBudget {
  readonly #clock: Clock;
  readonly #earned: () => number;
  #left = controlAtOnceMax;
  #filledAtMs: number;
  /** What had been earned at that time. */
  #filledAt = 0;

  /**
   * @param earned how many packets have been earned so far; called only when the budget is
   *   exhausted
   */
  constructor(clock: Clock, earned: () => number) {
    this.#clock = clock;
    this.#earned = earned;
    this.#filledAtMs = clock.now();
  }

  /** Counts one packet. Returns false if there have been too many. */
  take(): boolean {
    if (this.#left < 1) this.#fill();
    this.#left -= 1;
    return this.#left >= 0;
  }

  /** The rule that was broken, in words. */
  get rule(): string {
    const burst = `${controlAtOnceMax} control packets in a burst`;
    return `more than ${burst}, or ${controlPerSecondMax} per second`;
  }

  #fill(): void {
    const nowMs = this.#clock.now();
    const earned = this.#earned();
    const more = ((nowMs - this.#filledAtMs) * controlPerSecondMax) / 1000;
    const left = this.#left + more + earned - this.#filledAt;
    this.#left = Math.min(controlAtOnceMax, left);
    this.#filledAtMs = nowMs;
    this.#filledAt = earned;
  }
}
