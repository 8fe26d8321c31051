import { bytesOf, Lane, type Offered } from '../flow/lane.ts';
import type { Pace } from '../flow/pace.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import { messageBytesDefault } from './channel-end.ts';
import type { ReadyLane } from './discipline.ts';
import type { Ranked } from './ranked.ts';
import { type UnsentReason, type WaitingSend, WaitingSends } from './waiting-sends.ts';

/** Hears of a message that a lane has dropped for newer ones. */
export type OnDisplaced = (message: Uint8Array) => void;

/** Numbers the messages to one peer, in the order in which they are sent. */
export class SendCounter {
  #sent = 0;

  next(): number {
    this.#sent += 1;
    return this.#sent;
  }
}

/**
 * The way out to one peer on one channel: a lane of encoded messages, the credit that the peer has
 * given, and the message whose fragments are being written. `Pump` empties it.
 */
export class Outbox implements ReadyLane, Ranked {
  readonly channel: number;
  /** The channel's, as it was opened last. */
  priority = 1;
  /** Whether the peer has the channel open. */
  open = false;
  /** How many more messages the peer lets us begin, while there is credit for bytes as well. */
  credit = 0;
  /** How many more bytes; the last message that is begun may overdraw it. */
  creditBytes = 0;
  /** How long a message may be, as the peer has it. */
  messageBytesMax: number = messageBytesDefault;
  /** For how long its messages are kept when the peer goes, in milliseconds. */
  keepMs = 0;
  messages = 0;
  bytes = 0;
  /** How many pieces of messages were written: it grows as long as the peer takes anything. */
  pieces = 0;
  /** Called once, when a message leaves the lane, or when that is no more. */
  onMove: (() => void) | undefined;

  // For the pump:
  /** The next one of those that have become ready. */
  next: Outbox | undefined;
  /** Whether the pump knows that it has something to send, or serves it. */
  queued = false;
  /** Bytes that it has written in its turn, headers included; 0 when its next turn is a new one. */
  turnBytes = 0;
  mark = 0;
  rank = 0;
  order = 0;

  #lane: Lane<Uint8Array>;
  #pace: Pace | undefined;
  readonly #counter: SendCounter | undefined;
  /** When each message in the lane was sent. */
  #seqs: Lane<number> | undefined;
  readonly #waiting = new WaitingSends();
  #current: Uint8Array | undefined;
  #currentSeq = 0;
  /** Where the unwritten part of the current message starts. */
  offset = 0;

  /** @param counter numbers the messages, if it is to be noted when they were sent */
  constructor(channel: number, options: LaneOptions, counter?: SendCounter) {
    this.channel = channel;
    this.#counter = counter;
    this.#lane = new Lane(options, bytesOf);
    if (counter !== undefined) this.#seqs = new Lane({ ...options, strategy: 'block' });
  }

  /** How many messages wait; the one that is being written does not. */
  get depth(): number {
    return this.#lane.size;
  }

  get moves(): number {
    return this.pieces;
  }

  get depthBytes(): number {
    return this.#lane.sizeBytes;
  }

  get capacity(): number {
    return this.#lane.capacity;
  }

  get headSeq(): number {
    if (this.#current !== undefined) return this.#currentSeq;
    return this.#seqs?.peek() ?? 0;
  }

  get capacityBytes(): number {
    return this.#lane.capacityBytes;
  }

  /** How many messages the lane has dropped for the last one that was offered. */
  get displaced(): number {
    return this.#lane.displaced;
  }

  get ready(): boolean {
    if (this.#current !== undefined) return true;
    return this.#mayBegin() && this.#lane.size > 0;
  }

  /** Whether the lane's own rate holds messages back. */
  get isPaused(): boolean {
    return this.#pace?.open === false;
  }

  /** Whether credit and pace let another message begin. */
  #mayBegin(): boolean {
    return this.credit > 0 && this.creditBytes > 0 && !this.isPaused;
  }

  get idle(): boolean {
    return this.#current === undefined && this.#lane.size === 0 && this.#waiting.size === 0;
  }

  /**
   * The channel has been opened (again) here: its messages wait in a lane of this kind, and leave
   * it at this pace. `onDisplaced` hears of those that the lane drops for newer ones.
   */
  reopen(options: LaneOptions, priority: number, pace?: Pace, onDisplaced?: OnDisplaced): void {
    this.priority = priority;
    this.keepMs = 0;
    this.#pace?.stop();
    this.#pace = pace;
    this.#lane = new Lane(options, bytesOf);
    this.#lane.onDisplaced = onDisplaced;
    if (this.#seqs !== undefined) this.#seqs = new Lane({ ...options, strategy: 'block' });
  }

  /** Offers a message to the lane, behind the sends that wait for it already. */
  offer(bytes: Uint8Array): Offered | 'too-large' {
    if (!this.takes(bytes)) return 'too-large';
    if (this.#waiting.size > 0) return 'full';
    const offered = this.#lane.offer(bytes);
    if (this.#counter !== undefined) this.#note(offered, this.#counter.next());
    return offered;
  }

  /** Whether the peer takes messages of this length. */
  takes(bytes: Uint8Array): boolean {
    return bytes.length <= this.messageBytesMax;
  }

  /** Takes back a message that an earlier lane to this peer had taken, whatever the bounds. */
  restore(bytes: Uint8Array): void {
    this.#lane.restore(bytes);
    if (this.#counter !== undefined) this.#seqs?.restore(this.#counter.next());
  }

  /** Lets a send wait for room; false when too many do already. */
  wait(send: WaitingSend): boolean {
    if (!this.#waiting.add(send)) return false;
    if (this.#counter !== undefined) send.seq = this.#counter.next();
    return true;
  }

  /** Lets a send wait no longer, if it does. */
  cancel(send: WaitingSend): void {
    this.#waiting.remove(send);
  }

  /**
   * The message to write on with, from `offset`: the one that is half written, else the next one
   * for which there is credit.
   */
  current(): Uint8Array | undefined {
    if (this.#current !== undefined) return this.#current;
    if (!this.#mayBegin()) return undefined;
    const bytes = this.#lane.take();
    if (bytes === undefined) return undefined;
    this.credit -= 1;
    this.creditBytes -= bytes.length;
    this.#pace?.spend(bytes.length);
    if (this.onMove !== undefined) this.#moved();
    this.#current = bytes;
    this.#currentSeq = this.#seqs?.take() ?? 0;
    this.offset = 0;
    return bytes;
  }

  /** Takes the sends that have waited longest into the lane, as far as it has room. */
  admit(): void {
    let send = this.#waiting.first;
    while (send !== undefined && !this.#lane.full) {
      this.#waiting.remove(send);
      this.#lane.offer(send.bytes);
      this.#seqs?.offer(send.seq);
      send.taken();
      send = this.#waiting.first;
    }
  }

  /**
   * The current message is written whole, unless its peer went down meanwhile. The places that
   * messages leave in the lane go to the sends that wait when it is empty, or at `admit`: at a
   * stretch, since who hears of room sends again.
   */
  done(): void {
    if (this.#current === undefined) return;
    this.messages += 1;
    this.bytes += this.#current.length;
    this.#current = undefined;
    if (this.#waiting.size > 0 && this.#lane.size === 0) this.admit();
  }

  /**
   * Takes out what has not begun to be written, in order. A message of which a part is out is
   * finished, since its credit is spent; but not when the peer is down.
   */
  takeUnsent(reason: UnsentReason): readonly Uint8Array[] {
    if (reason !== 'channel-not-open') this.#pace?.stop();
    const unsent: Uint8Array[] = [];
    if (reason === 'peer-down' && this.#current !== undefined) {
      unsent.push(this.#current);
      this.#current = undefined;
    }
    for (let next = this.#lane.take(); next !== undefined; next = this.#lane.take()) {
      unsent.push(next);
    }
    this.#seqs?.clear();
    if (unsent.length > 0) this.#moved();
    return unsent;
  }

  /** Lets nobody wait for room any more. Returns how many sends wait nowhere else now. */
  abandon(reason: UnsentReason): number {
    const sends = this.#waiting.removeAll();
    for (const send of sends) send.abandoned(reason);
    return sends.reduce((count, { waits }) => count + (waits ? 0 : 1), 0);
  }

  #moved(): void {
    const moved = this.onMove;
    this.onMove = undefined;
    moved?.();
  }

  /** Does with the numbers what the lane has done with the messages. */
  #note(offered: Offered, seq: number): void {
    if (offered !== 'taken' && offered !== 'displaced') return;
    for (let dropped = 0; dropped < this.#lane.displaced; dropped += 1) this.#seqs?.take();
    this.#seqs?.offer(seq);
  }
}
