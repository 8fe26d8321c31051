import type { Subscription } from 'rxjs';
import type { MemoryNetwork } from '../../transports/memory/index.ts';
import type { WatchedNode } from './simulated-node.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Freezes nodes of a network for a while. */
export class FrozenNodes {
  readonly #clock: VirtualClock;
  readonly #network: MemoryNetwork;
  /** When they go on. */
  readonly #thaws = new Map<WatchedNode, Subscription>();

  constructor(clock: VirtualClock, network: MemoryNetwork) {
    this.#clock = clock;
    this.#network = network;
  }

  /** Freezing a node again starts the wait anew. */
  freeze(node: WatchedNode, ms: number): void {
    this.#thaws.get(node)?.unsubscribe();
    node.clock.freeze();
    this.#network.freeze(node.id);
    this.#thaws.set(
      node,
      this.#clock.schedule(() => this.thaw(node), ms),
    );
  }

  /** Does nothing if the node is not frozen. */
  thaw(node: WatchedNode): void {
    const timer = this.#thaws.get(node);
    if (timer === undefined) return;
    timer.unsubscribe();
    this.#thaws.delete(node);
    // Timers come first, as in an event loop.
    node.clock.thaw();
    this.#network.thaw(node.id);
  }

  thawAll(): void {
    for (const node of [...this.#thaws.keys()]) this.thaw(node);
  }
}
