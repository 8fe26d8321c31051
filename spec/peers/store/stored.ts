import type { PeerManagerOptions, StoreEvent } from '../../../lib/index.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { Bench } from '../fixture.ts';

/** A manager with a store, and what it says about it. */
export class Stored extends Bench {
  readonly store: FakeStore;
  readonly events: StoreEvent[] = [];
  /** The ends of `load` and `save`, with their times. */
  readonly ends: string[] = [];

  constructor(options: Partial<PeerManagerOptions> = {}, store: FakeStore = new FakeStore()) {
    super({ store, ...options });
    this.store = store;
    this.manager.storeEvents$.subscribe((event) => this.events.push(event));
  }

  load(): this {
    this.manager.load().subscribe({ complete: () => this.#ended('loaded') });
    return this;
  }

  save(): void {
    this.manager.save().subscribe({ complete: () => this.#ended('saved') });
  }

  newEvents(): string[] {
    return this.events.splice(0).map(({ error }) => `${error.code}: ${error.message}`);
  }

  #ended(what: string): void {
    this.ends.push(`${this.time.clock.now()} ${what}`);
  }
}
