import type { Clock } from '../flow/clock.ts';

/** Packets besides data that a peer may send at once. */
const controlAtOnceMax = 1_024;
/** And how many more of them a second, beside those that messages bring about. */
const controlPerSecondMax = 1_000;

/**
 * Bounds the packets of a peer that carry no message: pings, pongs, credit, channels that open and
 * close. Honest ones go with messages, so that each message earns one of them; a peer that sends
 * nothing else has a rate.
 */
export class ControlBudget {
  readonly #clock: Clock;
  readonly #earned: () => number;
  #left = controlAtOnceMax;
  #filledAtMs: number;
  /** What had been earned then. */
  #filledAt = 0;

  /**
   * @param earned how many packets were earned so far: asked only when the peer has used up what it
   * had
   */
  constructor(clock: Clock, earned: () => number) {
    this.#clock = clock;
    this.#earned = earned;
    this.#filledAtMs = clock.now();
  }

  /** Takes one packet. False when there have been too many. */
  take(): boolean {
    if (this.#left < 1) this.#fill();
    this.#left -= 1;
    return this.#left >= 0;
  }

  /** What breaks it. */
  get rule(): string {
    const rate = `${controlAtOnceMax} packets without a message at once`;
    return `more than ${rate}, or ${controlPerSecondMax} a second`;
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
