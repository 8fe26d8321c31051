/** Sends that may wait for one lane at a time; one more is refused. */
export const waitingSendsMax = 1024;

/** Why a message is not written after all. */
export type UnsentReason = 'peer-down' | 'channel-not-open' | 'channel-closed';

/** A send that waits for room in a `block` lane. */
export abstract class WaitingSend {
  bytes: Uint8Array = nothing;
  /** When it was sent, if the outbox notes that; for the outbox. */
  seq = 0;
  /**
   * For the queue, which runs through the sends themselves: one that waits costs no more than that.
   */
  before: WaitingSend | undefined = undefined;
  after: WaitingSend | undefined = undefined;
  waits = false;

  /** The lane has taken `bytes`. */
  abstract taken(): void;
  /** It never will. Whoever waits elsewhere then, for its recipient to come back, `waits` again. */
  abstract abandoned(reason: UnsentReason): void;
}

/** The bytes of a send that keeps no message. */
export const nothing: Uint8Array = new Uint8Array(0);

/** The sends that wait for one lane, in order. */
export class WaitingSends<S extends WaitingSend = WaitingSend> {
  size = 0;
  first: S | undefined = undefined;
  #last: S | undefined;

  /** Adds a send behind the others; false when too many wait already. */
  add(send: S): boolean {
    if (this.size >= waitingSendsMax) return false;
    this.size += 1;
    send.waits = true;
    send.before = this.#last;
    if (this.#last === undefined) this.first = send;
    else this.#last.after = send;
    this.#last = send;
    return true;
  }

  /** Takes a send out, if it waits. */
  remove(send: S): void {
    if (!send.waits) return;
    const before = send.before as S | undefined;
    const after = send.after as S | undefined;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    send.before = undefined;
    send.after = undefined;
    send.waits = false;
    this.size -= 1;
  }

  /** Takes all of them out. */
  removeAll(): readonly S[] {
    const all: S[] = [];
    for (let send = this.first; send !== undefined; send = this.first) {
      this.remove(send);
      all.push(send);
    }
    return all;
  }
}
