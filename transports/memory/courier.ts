import type { Clock } from '../../lib/flow/clock.ts';

/** What a courier calls on: it does one piece of its work, and says whether more is left. */
export interface Delivery {
  deliver(): boolean;
}

/** Deliveries in one run before the courier lets timers and other I/O have a turn. */
const deliveriesPerRunMax = 4_096;

/**
 * Delivers at once, but never from within a delivery: what is woken meanwhile waits its turn, so
 * that nodes that answer each other need no deeper stack, however many they are.
 *
 * A run that does not end (two sides that never stop talking) is broken off after 4,096 deliveries
 * and goes on in a turn of its own, so that it starves nothing else.
 */
export class Courier {
  readonly #clock: Clock;
  #waiting: Delivery[] = [];
  #busy = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has `delivery` called, now or when the deliveries before it are done. */
  wake(delivery: Delivery): void {
    this.#waiting.push(delivery);
    if (!this.#busy) this.#run();
  }

  #run(): void {
    this.#busy = true;
    let left = deliveriesPerRunMax;
    while (this.#waiting.length > 0 && left > 0) {
      // Round by round, since taking from the front of a long array costs its length.
      const round = this.#waiting;
      this.#waiting = [];
      for (const delivery of round) if (delivery.deliver()) this.#waiting.push(delivery);
      left -= round.length;
    }
    if (this.#waiting.length === 0) this.#busy = false;
    else this.#clock.schedule(() => this.#run(), 0);
  }
}
