import { Lane, type Offered } from '../flow/lane.ts';
import type { LaneOptions } from '../flow/strategy.ts';

/** A send that waits for room in a `block` lane, and its place in the queue of those that do. */
export interface WaitingSend {
  readonly bytes: Uint8Array;
  /** The queue runs through the sends themselves: one that waits costs no more than that. */
  before: WaitingSend | undefined;
  after: WaitingSend | undefined;
  waits: boolean;
  /** The lane has taken `bytes`. */
  taken(): void;
  /** It never will. */
  abandoned(reason: 'peer-down' | 'channel-not-open' | 'channel-closed'): void;
}

/** Sends that may wait for one lane at a time; one more is refused. */
export const waitingSendsMax = 1024;

/**
 * The way out to one peer on one channel: a lane of encoded messages, the credit that the peer has
 * given, and the message whose fragments are being written. `Pump` empties it.
 */
export class Outbox {
  readonly channel: number;
  /** Whether the peer has the channel open. */
  open = false;
  /** How many more messages the peer takes. */
  credit = 0;
  /** The next outbox that has something to send; for the pump, whose queue runs through them. */
  next: Outbox | undefined;
  /** Whether it stands in the pump's queue, or is being served. */
  queued = false;
  messages = 0;
  bytes = 0;

  #lane: Lane<Uint8Array>;
  #firstWaiting: WaitingSend | undefined;
  #lastWaiting: WaitingSend | undefined;
  #waiting = 0;
  #current: Uint8Array | undefined;
  /** Where the unwritten part of the current message starts. */
  offset = 0;

  constructor(channel: number, options: LaneOptions) {
    this.channel = channel;
    this.#lane = new Lane(options);
  }

  /** How many messages wait; the one that is being written does not. */
  get depth(): number {
    return this.#lane.size;
  }

  get capacity(): number {
    return this.#lane.capacity;
  }

  get ready(): boolean {
    return this.#current !== undefined || (this.credit > 0 && this.#lane.size > 0);
  }

  get idle(): boolean {
    return this.#current === undefined && this.#lane.size === 0 && this.#waiting === 0;
  }

  /** The channel has been opened (again) here: its messages wait in a lane of this kind. */
  reopen(options: LaneOptions): void {
    this.#lane = new Lane(options);
  }

  /** Offers a message to the lane, behind the sends that wait for it already. */
  offer(bytes: Uint8Array): Offered {
    return this.#waiting > 0 ? 'full' : this.#lane.offer(bytes);
  }

  /** Lets a send wait for room; false when too many do already. */
  wait(send: WaitingSend): boolean {
    if (this.#waiting >= waitingSendsMax) return false;
    this.#waiting += 1;
    send.waits = true;
    send.before = this.#lastWaiting;
    if (this.#lastWaiting === undefined) this.#firstWaiting = send;
    else this.#lastWaiting.after = send;
    this.#lastWaiting = send;
    return true;
  }

  /** Lets a send wait no longer, if it does. */
  cancel(send: WaitingSend): void {
    if (!send.waits) return;
    const { before, after } = send;
    if (before === undefined) this.#firstWaiting = after;
    else before.after = after;
    if (after === undefined) this.#lastWaiting = before;
    else after.before = before;
    send.before = undefined;
    send.after = undefined;
    send.waits = false;
    this.#waiting -= 1;
  }

  /**
   * The message to write on with, from `offset`: the one that is half written, else the next one for
   * which there is credit. The place that it leaves in the lane goes to the send that waited longest.
   */
  current(): Uint8Array | undefined {
    if (this.#current !== undefined) return this.#current;
    if (this.credit === 0) return undefined;
    const bytes = this.#lane.take();
    if (bytes === undefined) return undefined;
    this.credit -= 1;
    this.#current = bytes;
    this.offset = 0;
    if (this.#waiting > 0) this.#admit();
    return bytes;
  }

  /** The current message is written whole, unless its peer went down meanwhile. */
  done(): void {
    if (this.#current === undefined) return;
    this.messages += 1;
    this.bytes += this.#current.length;
    this.#current = undefined;
  }

  /**
   * Drops what has not begun to be written, and the messages of the sends that wait. Returns how many
   * that were. A message of which a part is out is finished, since its credit is spent; but not when
   * the peer is down.
   */
  clear(reason: 'peer-down' | 'channel-not-open' | 'channel-closed'): number {
    let dropped = this.#lane.clear();
    if (reason === 'peer-down' && this.#current !== undefined) {
      this.#current = undefined;
      dropped += 1;
    }
    const waiting: WaitingSend[] = [];
    for (let send = this.#firstWaiting; send !== undefined; send = this.#firstWaiting) {
      this.cancel(send);
      waiting.push(send);
    }
    for (const send of waiting) send.abandoned(reason);
    return dropped + waiting.length;
  }

  #admit(): void {
    let send = this.#firstWaiting;
    while (send !== undefined && !this.#lane.full) {
      this.cancel(send);
      this.#lane.offer(send.bytes);
      send.taken();
      send = this.#firstWaiting;
    }
  }
}
