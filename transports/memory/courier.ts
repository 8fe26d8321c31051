import type { Clock } from '../../lib/flow/clock.ts';

/** A task for a courier. It does one piece of work and returns whether more is left. */
export interface Delivery {
  deliver(): boolean;
}

/** How many deliveries run in a row before timers and other I/O get a turn. */
const deliveriesPerRunMax = 4_096;

/**
 * Delivers immediately, but never from within another delivery: those woken meanwhile are queued,
 * so nodes that answer each other do not deepen the stack, however many there are.
 *
 * A run that does not end (two sides that never stop talking) is interrupted after 4,096 deliveries
 * and continues in a later turn, so it does not starve anything else.
 */
export class Courier {
  readonly #clock: Clock;
  #waiting: Delivery[] = [];
  #busy = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Schedules `delivery`, to run now or after those before it. */
  wake(delivery: Delivery): void {
    if (this.#busy) {
      this.#waiting.push(delivery);
      return;
    }
    this.#busy = true;
    // The usual case, without an array: nothing else waits.
    if (delivery.deliver()) this.#waiting.push(delivery);
    this.#run(deliveriesPerRunMax - 1);
  }

  /** @param most how many deliveries may run before others get a turn */
  #run(most: number): void {
    let left = most;
    while (this.#waiting.length > 0 && left > 0) {
      // In rounds, since removing from the front of a long array takes time proportional to its
      // length.
      const round = this.#waiting;
      this.#waiting = [];
      for (const delivery of round) if (delivery.deliver()) this.#waiting.push(delivery);
      left -= round.length;
    }
    if (this.#waiting.length === 0) this.#busy = false;
    else this.#clock.schedule(() => this.#run(deliveriesPerRunMax), 0);
  }
}
