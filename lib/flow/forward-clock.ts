import type { Subscription } from 'rxjs';
import { dateOf, systemClock, type Clock } from './clock.ts';

/**
 * Wraps a clock so that it never goes backwards. Every clock from outside is wrapped once, at the
 * point of entry, so the code behind it can ignore that clocks get set.
 */
export function forwardClock(clock: Clock): Clock {
  return isForward(clock) ? clock : new ForwardClock(clock);
}

/** Whether a clock is known never to go backwards. */
export function isForward(clock: Clock): boolean {
  return clock === systemClock || clock instanceof ForwardClock;
}

/**
 *     clock  1000 ─▶ 1010 ─▶  500 ─▶  510 ─▶  520
 *     now    1000 ─▶ 1010 ─▶ 1010 ─▶ 1020 ─▶ 1030      continues from where it was
 *
 * The time between the last reading and the moment at which the clock was set is lost, so a wait
 * may take up to twice as long as it should.
 */
class ForwardClock implements Clock {
  readonly #clock: Clock;
  #lastReadMs = 0;
  /** Added to the wrapped clock's time. */
  #aheadMs = 0;
  #nowMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    const readMs = this.#clock.now();
    if (readMs < this.#lastReadMs) this.#aheadMs = this.#nowMs - readMs;
    this.#lastReadMs = readMs;
    const nowMs = readMs + this.#aheadMs;
    // Rounding may make the sum smaller than the last one.
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    return this.#nowMs;
  }

  /** May go backwards, as dates do. */
  date(): number {
    return dateOf(this.#clock);
  }

  schedule(work: () => void, delayMs: number): Subscription {
    return this.#clock.schedule(work, delayMs);
  }

  afterTurn(work: () => void): Subscription {
    return this.#clock.afterTurn(work);
  }
}
