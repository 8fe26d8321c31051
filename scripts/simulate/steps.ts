/** Numbers the faults and messages of a run, from 1, and says which of them to make. */
export class Steps {
  readonly #only: ReadonlySet<number> | undefined;
  #count = 0;

  /** @param only the numbers of those to make; undefined: all */
  constructor(only: readonly number[] | undefined) {
    this.#only = only && new Set(only);
  }

  /** How many there have been so far, including those that were left out. */
  get count(): number {
    return this.#count;
  }

  /** Whether to make the next one. */
  next(): boolean {
    this.#count += 1;
    return this.#only?.has(this.#count) ?? true;
  }
}
