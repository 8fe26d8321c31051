/** An item that can stand in a chain, in one at a time. */
export interface Link<I> {
  before: I | undefined;
  after: I | undefined;
}

/**
 * Items in an order, of which any can leave, at the same cost. The items themselves are the links.
 */
export class Chain<I extends Link<I>> {
  first: I | undefined;
  #last: I | undefined;

  /** Puts an item that is in no chain at the end. */
  append(item: I): void {
    item.before = this.#last;
    if (this.#last === undefined) this.first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  /** Takes an item of this chain out. */
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
