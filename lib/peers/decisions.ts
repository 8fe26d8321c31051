import type { Clock } from '../flow/clock.ts';
import { Flow } from '../flow/flow.ts';
import { Hub } from '../flow/hub.ts';

/**
 * A flow of decisions. A decision is made only once every consumer has demand, and each of them
 * gets it. Without consumers, none is made.
 */
export class Decisions<T> {
  readonly flow: Flow<T>;
  readonly #hub: Hub<T>;

  /** @param changed called when demand may have grown, or a consumer has left */
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
