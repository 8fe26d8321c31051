import type { Subscription } from 'rxjs';
import type { Clock } from '../index.ts';

/** A timer for work whose next time may move. */
export class Timer {
  readonly #clock: Clock;
  readonly #work: () => void;
  #timer: Subscription | undefined;
  #dueMs = Infinity;

  constructor(clock: Clock, work: () => void) {
    this.#clock = clock;
    this.#work = work;
  }

  get isWaiting(): boolean {
    return this.#dueMs !== Infinity;
  }

  /** The work is due at this time; earlier, if it already was. */
  wakeAt(dueMs: number): void {
    if (dueMs >= this.#dueMs) return;
    this.stop();
    this.#dueMs = dueMs;
    this.#timer = this.#clock.schedule(
      () => {
        this.#dueMs = Infinity;
        this.#work();
      },
      Math.max(0, dueMs - this.#clock.now()),
    );
  }

  stop(): void {
    this.#timer?.unsubscribe();
    this.#dueMs = Infinity;
  }
}
