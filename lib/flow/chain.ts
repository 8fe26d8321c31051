/** An item of a chain. It can be in only one chain at a time. */
export interface Link<I> {
  before: I | undefined;
  after: I | undefined;
}

/**
 * A doubly linked list whose items are their own links, so any of them can be removed in constant
 * time.
 */
export class Chain<I extends Link<I>> {
  first: I | undefined;
  #last: I | undefined;

  /** Appends an item that is not in any chain. */
  append(item: I): void {
    item.before = this.#last;
    if (this.#last === undefined) this.first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  /** Removes an item of this chain. */
  remove(item: I): void {
    const { before, after } = item;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    item.before = undefined;
    item.after = undefined;
  }
}
