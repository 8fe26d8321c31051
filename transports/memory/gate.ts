/**
 * What the network does to a node passes its gate. While the gate is shut, because the node is
 * frozen, it waits there, in order.
 */
export class Gate {
  #isShut = false;
  #waiting: (() => void)[] = [];

  get isShut(): boolean {
    return this.#isShut;
  }

  /** Runs `work` now, or once the gate opens. */
  pass(work: () => void): void {
    if (this.#isShut) this.#waiting.push(work);
    else work();
  }

  shut(): void {
    this.#isShut = true;
  }

  /** Opens the gate, and runs what has waited. */
  open(): void {
    this.#isShut = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    // The work may shut the gate again.
    for (const work of waiting) this.pass(work);
  }
}
