import type { Subscription } from 'rxjs';
import { systemClock, type Clock } from './clock.ts';

/**
 * A clock of the same time that never goes back. Everything that measures with a clock from outside
 * takes it through this, once, so that nothing behind it has to think of clocks that are set.
 */
export function forwardClock(clock: Clock): Clock {
  return isForward(clock) ? clock : new ForwardClock(clock);
}

/** Whether it is one already. */
export function isForward(clock: Clock): boolean {
  return clock === systemClock || clock instanceof ForwardClock;
}

/**
 *     clock  1000 ─▶ 1010 ─▶  500 ─▶  510 ─▶  520
 *     now    1000 ─▶ 1010 ─▶ 1010 ─▶ 1020 ─▶ 1030      it goes on from where it was
 *
 * What passed between the last look at the clock and its being set is lost: a wait may take up to
 * twice its time.
 */
class ForwardClock implements Clock {
  readonly #clock: Clock;
  #toldMs = 0;
  /** What is added to the time that the clock tells. */
  #aheadMs = 0;
  #nowMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    const toldMs = this.#clock.now();
    if (toldMs < this.#toldMs) this.#aheadMs = this.#nowMs - toldMs;
    this.#toldMs = toldMs;
    const nowMs = toldMs + this.#aheadMs;
    // A sum may be rounded down.
    if (nowMs > this.#nowMs) this.#nowMs = nowMs;
    return this.#nowMs;
  }

  schedule(work: () => void, delayMs: number): Subscription {
    return this.#clock.schedule(work, delayMs);
  }

  afterTurn(work: () => void): Subscription {
    return this.#clock.afterTurn(work);
  }
}
