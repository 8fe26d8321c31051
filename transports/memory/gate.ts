import type { Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';

/**
 * What the network does to a node passes its gate. While the gate is shut, because the node is
 * frozen or busy, it waits there, in order.
 */
export class Gate {
  readonly #clock: Clock;
  readonly #onOpen: () => void;
  #isFrozen = false;
  #workMs = 0;
  /** The node is busy until then. */
  #work: Subscription | undefined;
  #waiting: (() => void)[] = [];

  /** @param onOpen called after the gate has opened, and what waited has run */
  constructor(clock: Clock, onOpen: () => void) {
    this.#clock = clock;
    this.#onOpen = onOpen;
  }

  get isShut(): boolean {
    return this.#isFrozen || this.#work !== undefined;
  }

  /** How long the node is busy with each frame, in milliseconds; 0: not at all. */
  set workMs(ms: number) {
    this.#workMs = ms;
    this.#work?.unsubscribe();
    this.#rest();
  }

  /** The node has read a frame, and works on it. */
  work(): void {
    if (this.#workMs === 0) return;
    this.#work?.unsubscribe();
    this.#work = this.#clock.schedule(() => this.#rest(), this.#workMs);
  }

  /** Runs `work` now, or once the gate opens. */
  pass(work: () => void): void {
    if (this.isShut) this.#waiting.push(work);
    else work();
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    this.#open();
  }

  #rest(): void {
    this.#work = undefined;
    this.#open();
  }

  #open(): void {
    if (this.isShut) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // The work may shut the gate again.
    for (const work of waiting) this.pass(work);
    this.#onOpen();
  }
}
