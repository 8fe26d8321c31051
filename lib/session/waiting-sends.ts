/** How many sends may wait for one lane; further ones are refused. */
export const waitingSendsMax = 1024;

/** Why a message is not written after all. */
export type UnsentReason = 'peer-down' | 'node-stopped' | 'channel-not-open' | 'channel-closed';

/** A send waiting for room in a `block` lane. */
export abstract class WaitingSend {
  bytes: Uint8Array = nothing;
  /** Its sequence number, if the outbox keeps them; set by the outbox. */
  seq = 0;
  /** Links of the queue, kept in the sends themselves so that waiting costs no other memory. */
  before: WaitingSend | undefined = undefined;
  after: WaitingSend | undefined = undefined;
  waits = false;

  /** Called when the lane has taken `bytes`. */
  abstract taken(): void;
  /**
   * Called when it never will. Returns true if the message now waits elsewhere, for its peer to
   * return, or has been withdrawn. `waits` does not say so: a sender may use its place for the next
   * message at once. Otherwise it is dropped, and `lost` follows.
   */
  abstract abandoned(reason: UnsentReason): boolean;
  /** Calls back. Returns false if the message was withdrawn after `abandoned`. */
  abstract lost(reason: UnsentReason): boolean;
}

/** The bytes of a send that keeps no message. */
export const nothing: Uint8Array = new Uint8Array(0);

/** The sends waiting for one lane, in order. */
export class WaitingSends<S extends WaitingSend = WaitingSend> {
  size = 0;
  first: S | undefined = undefined;
  #last: S | undefined;

  /** Appends a send. Returns false if too many are waiting. */
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

  /** Removes a send, if it is waiting. */
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

  /** Removes and returns all of them. */
  removeAll(): readonly S[] {
    const all: S[] = [];
    for (let send = this.first; send !== undefined; send = this.first) {
      this.remove(send);
      all.push(send);
    }
    return all;
  }
}
