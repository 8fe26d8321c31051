import type { Clock } from '../flow/clock.ts';
import { Flow } from '../flow/flow.ts';
import { Hub } from '../flow/hub.ts';

/**
 * A flow of decisions. One is made when all who listen want it, and each of them hears of it; while
 * nobody does, none is made.
 */
export class Decisions<T> {
  readonly flow: Flow<T>;
  readonly #hub: Hub<T>;

  /** @param changed called when there may be more demand than before, or nobody who listens */
  constructor(clock: Clock, changed: () => void) {
    this.#hub = new Hub(changed);
    this.flow = new Flow(
      (sink) => {
        const demand = this.#hub.connect(sink);
        return {
          request: (count) => demand.request(count),
          unsubscribe: () => {
            demand.unsubscribe();
            changed();
          },
        };
      },
      undefined,
      { clock },
    );
  }

  get isWanted(): boolean {
    return this.#hub.ready;
  }

  next(decision: T): void {
    this.#hub.next(decision);
  }

  complete(): void {
    this.#hub.complete();
  }
}
