import type { LaneOptions } from '../../lib/flow/strategy.ts';
import { type Outbox } from '../../lib/session/outbox.ts';
import { waitingSendsMax, WaitingSend } from '../../lib/session/waiting-sends.ts';
import { dropUnsent } from './drop-unsent.ts';

/**
 * A message. Its content follows from its number, which counts all messages in the order of
 * sending.
 */
export interface Sent {
  readonly seq: number;
  readonly size: number;
}

const pattern = Buffer.from(Array.from({ length: 2 ** 17 }, (_, i) => (i * 31) >> (i & 3)));

function contentOf({ seq, size }: Sent): Uint8Array {
  const start = (seq * 13) % 1024;
  return pattern.subarray(start, start + size);
}

/** A piece of a message as it was written. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

class Waiting extends WaitingSend {
  readonly sent: Sent;
  ends = 0;

  constructor(sent: Sent) {
    super();
    this.sent = sent;
    this.bytes = contentOf(sent);
  }

  override taken(): void {
    this.ends += 1;
  }

  override abandoned(): boolean {
    return false;
  }

  override lost(): boolean {
    this.ends += 1;
    return true;
  }
}

/**
 * A model of an outbox with plain lists. It learns from the outbox how many messages have left the
 * lane, and everything else from what is written; it works out itself which messages those are.
 */
export class LaneModel {
  readonly outbox: Outbox;
  readonly counts = { offered: 0, written: 0, writtenBytes: 0, dropped: 0 };
  #options: LaneOptions;
  /**
   * In the lane or waiting for room, as of the last `settle`, followed by those that have left it
   * since.
   */
  #lane: Sent[] = [];
  #waiting: Waiting[] = [];
  /** Taken out of the lane but not fully written; at most one after `settle`. */
  #taken: Sent[] = [];
  #pieces: Uint8Array[] = [];

  constructor(outbox: Outbox, options: LaneOptions) {
    this.outbox = outbox;
    this.#options = options;
  }

  /** The message that leaves next, or is being written. */
  get head(): Sent | undefined {
    this.settle();
    return this.#taken[0] ?? this.#lane[0];
  }

  /** Whether a message is partly written. */
  get isHalfWritten(): boolean {
    return this.#pieces.length > 0;
  }

  offer(sent: Sent): void {
    this.settle();
    this.counts.offered += 1;
    const { strategy, capacity } = this.#options;
    const isFull = this.#lane.length >= capacity;
    const offered = this.outbox.offer(contentOf(sent));
    if (this.#waiting.length > 0 || (isFull && strategy === 'block')) {
      same(offered, 'full');
      this.#wait(sent);
    } else if (!isFull) {
      same(offered, 'taken');
      this.#lane.push(sent);
    } else if (strategy === 'fail' || strategy === 'dropNewest') {
      same(offered, strategy === 'fail' ? 'overflow' : 'rejected');
      this.counts.dropped += 1;
    } else {
      same(offered, 'displaced');
      this.#lane.shift();
      this.#lane.push(sent);
      this.counts.dropped += 1;
    }
  }

  /** A waiting send is cancelled. */
  cancel(which: number): void {
    this.settle();
    const [gone] = this.#waiting.splice(which % (this.#waiting.length || 1), 1);
    if (gone === undefined) return;
    this.outbox.cancel(gone);
    this.counts.dropped += 1;
  }

  /** The channel closes on one side. */
  close(reason: 'channel-closed' | 'channel-not-open'): void {
    this.settle();
    same(dropUnsent(this.outbox, reason), this.#lane.length + this.#waiting.length);
    this.counts.dropped += this.#lane.length + this.#waiting.length;
    for (const each of this.#waiting) same(each.ends, 1);
    this.#lane = [];
    this.#waiting = [];
  }

  /** The channel is closed and reopened with another lane. */
  reopen(options: LaneOptions, priority: number): void {
    this.close('channel-closed');
    this.#options = options;
    this.outbox.reopen(options, priority);
  }

  write({ bytes, last }: Piece): void {
    this.settle();
    this.#pieces.push(bytes);
    if (!last) return;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    const sent = this.#taken.shift();
    if (sent === undefined) throw new Error('a message that nobody has sent');
    if (!whole.equals(contentOf(sent))) throw new Error(`not message ${sent.seq}`);
    this.counts.written += 1;
    this.counts.writtenBytes += sent.size;
  }

  /** Records what the pump has taken out of the lane since. */
  settle(): void {
    const all = [...this.#lane, ...this.#waiting.map(({ sent }) => sent)];
    const stillWaiting = this.#waiting.filter(({ waits }) => waits);
    const left = all.length - this.outbox.depth - stillWaiting.length;
    if (left < 0) throw new Error('the lane holds what nobody has offered');
    this.#taken.push(...all.slice(0, left));
    this.#lane = all.slice(left, all.length - stillWaiting.length);
    for (const each of this.#waiting) same(each.ends, each.waits ? 0 : 1);
    this.#waiting = stillWaiting;
    if (this.#lane.length > this.#options.capacity) throw new Error('the lane holds too much');
  }

  /** Every message is accounted for, and the outbox counts as the model does. */
  check(): void {
    this.settle();
    const { offered, written, writtenBytes, dropped } = this.counts;
    same(
      offered,
      written + dropped + this.#taken.length + this.#lane.length + this.#waiting.length,
    );
    same(this.outbox.messages, written);
    same(this.outbox.bytes, writtenBytes);
    if (this.#taken.length > 1) throw new Error('two messages at a time');
  }

  #wait(sent: Sent): void {
    const send = new Waiting(sent);
    same(this.outbox.wait(send), this.#waiting.length < waitingSendsMax);
    this.#waiting.push(send);
  }
}

function same(is: unknown, expected: unknown): void {
  if (is !== expected) throw new Error(`${String(is)}, not ${String(expected)}`);
}
