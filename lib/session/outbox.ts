import { bytesOf, Lane, type Offered } from '../flow/lane.ts';
import type { Pace } from '../flow/pace.ts';
import type { LaneOptions, Strategy } from '../flow/strategy.ts';
import { messageBytesDefault } from './channel-end.ts';
import type { ReadyLane } from './discipline.ts';
import type { Ranked } from './ranked.ts';
import { type UnsentReason, type WaitingSend, WaitingSends } from './waiting-sends.ts';

/** Called with a message that a lane is dropping in favour of a newer one; may only note it. */
export type OnDisplaced = (message: Uint8Array) => void;

/** What an outbox had left when it was emptied. */
export interface Unsent {
  readonly messages: readonly Uint8Array[];
  readonly sends: readonly WaitingSend[];
  /** 1 if a message was partly written for a channel that has been closed here since. */
  readonly leftover: number;
}

/** Gives up on sends that waited. Returns how many of them are dropped. */
export function abandon(sends: readonly WaitingSend[], reason: UnsentReason): number {
  // All find out where they wait before the first calls back: what is sent from there goes behind
  // them.
  const dropped = sends.filter((send) => !send.abandoned(reason));
  let count = 0;
  for (const send of dropped) if (send.lost(reason)) count += 1;
  return count;
}

/** Numbers the messages to one peer in the order in which they are sent. */
export class SendCounter {
  #sent = 0;

  next(): number {
    this.#sent += 1;
    return this.#sent;
  }
}

/**
 * The outgoing side of one channel to one peer: a lane of encoded messages, the credit the peer has
 * granted, and the message currently being written in fragments. Emptied by `Pump`.
 */
export class Outbox implements ReadyLane, Ranked {
  readonly channel: number;
  /** The channel's priority when it was last opened. */
  priority = 1;
  open = false;
  /** How many more messages we may start, as long as `creditBytes` is positive, too. */
  credit = 0;
  /** How many more bytes we may send. The last message started may overdraw it. */
  creditBytes = 0;
  /** The longest message that the peer accepts. */
  messageBytesMax: number = messageBytesDefault;
  /** How long to keep its messages if the peer disconnects, in milliseconds. */
  keepMs = 0;
  messages = 0;
  bytes = 0;
  /** How many fragments were written. Grows as long as the peer accepts anything. */
  pieces = 0;
  /** Called once, when a message leaves the lane or the lane is discarded. */
  onMove: (() => void) | undefined;

  // For the pump:
  /** The next outbox in the list of those that have become ready. */
  next: Outbox | undefined;
  /** Whether the pump has it listed or is serving it. */
  queued = false;
  /** Bytes written in the current turn, headers included; 0 at the start of a turn. */
  turnBytes = 0;
  mark = 0;
  rank = 0;
  order = 0;

  #lane: Lane<Uint8Array>;
  #pace: Pace | undefined;
  readonly #counter: SendCounter | undefined;
  /** The sequence number of each message in the lane. */
  #seqs: Lane<number> | undefined;
  readonly #waiting = new WaitingSends();
  #current: Uint8Array | undefined;
  #currentSeq = 0;
  /** Whether the channel has been closed here, and perhaps reopened, since the current message. */
  #isLeftover = false;
  /** Where the unwritten part of the current message starts. */
  offset = 0;

  /** @param counter numbers messages, if the discipline needs to know when they were sent */
  constructor(channel: number, options: LaneOptions, counter?: SendCounter) {
    this.channel = channel;
    this.#counter = counter;
    this.#lane = new Lane(options, bytesOf);
    if (counter !== undefined) this.#seqs = new Lane({ ...options, strategy: 'block' });
  }

  /** How many messages wait, not counting the one being written. */
  get depth(): number {
    return this.#lane.size;
  }

  get moves(): number {
    return this.pieces;
  }

  get depthBytes(): number {
    return this.#lane.sizeBytes;
  }

  get strategy(): Strategy {
    return this.#lane.strategy;
  }

  get capacity(): number {
    return this.#lane.capacity;
  }

  /** How many sends wait for the lane. */
  get waiting(): number {
    return this.#waiting.size;
  }

  get headSeq(): number {
    if (this.#current !== undefined) return this.#currentSeq;
    return this.#seqs?.peek() ?? 0;
  }

  get capacityBytes(): number {
    return this.#lane.capacityBytes;
  }

  /** How many messages the lane dropped to make room for the last one offered. */
  get displaced(): number {
    return this.#lane.displaced;
  }

  get ready(): boolean {
    if (this.#current !== undefined) return true;
    return this.#mayBegin() && this.#lane.size > 0;
  }

  /** Whether the lane's own rate is holding messages back. */
  get isPaused(): boolean {
    return this.#pace?.open === false;
  }

  /** Whether credit and pace allow another message to start. */
  #mayBegin(): boolean {
    return this.credit > 0 && this.creditBytes > 0 && !this.isPaused;
  }

  get idle(): boolean {
    return this.#current === undefined && this.#lane.size === 0 && this.#waiting.size === 0;
  }

  /**
   * Replaces the lane and its pace when the channel is opened here, or reopened. `onDisplaced` is
   * called with messages that the new lane drops in favour of newer ones.
   */
  reopen(options: LaneOptions, priority: number, pace?: Pace, onDisplaced?: OnDisplaced): void {
    this.priority = priority;
    this.keepMs = 0;
    this.#isLeftover = true;
    this.#pace?.stop();
    this.#pace = pace;
    this.#lane = new Lane(options, bytesOf);
    this.#lane.onDisplaced = onDisplaced;
    if (this.#seqs !== undefined) this.#seqs = new Lane({ ...options, strategy: 'block' });
  }

  /**
   * Says how long the next message is to be kept. While others wait in the lane, they are all kept
   * for the longest time; an empty lane owes nothing to those that it had before.
   */
  keepFor(ms: number): void {
    if (ms > this.keepMs || this.idle) this.keepMs = ms;
  }

  /** Offers a message to the lane. Sends that are already waiting go first. */
  offer(bytes: Uint8Array): Offered | 'too-large' {
    if (bytes.length > this.messageBytesMax) return 'too-large';
    if (this.#waiting.size > 0) return 'full';
    const offered = this.#lane.offer(bytes);
    if (this.#counter !== undefined) this.#note(offered, this.#counter.next());
    return offered;
  }

  /** Whether the peer accepts messages of this length. */
  takes(bytes: Uint8Array): boolean {
    return bytes.length <= this.messageBytesMax;
  }

  /**
   * Takes back a message that an earlier lane to this peer had accepted, regardless of the bounds.
   */
  restore(bytes: Uint8Array): void {
    this.#lane.restore(bytes);
    if (this.#counter !== undefined) this.#seqs?.restore(this.#counter.next());
  }

  /** Queues a send until there is room. Returns false if too many are waiting. */
  wait(send: WaitingSend): boolean {
    if (!this.#waiting.add(send)) return false;
    if (this.#counter !== undefined) send.seq = this.#counter.next();
    return true;
  }

  /** Removes a send from the queue, if it is there. */
  cancel(send: WaitingSend): void {
    this.#waiting.remove(send);
  }

  /**
   * The message to write next, starting at `offset`: the one that is partly written, or else the
   * next one that credit allows.
   */
  current(): Uint8Array | undefined {
    if (this.#current !== undefined) return this.#current;
    if (!this.#mayBegin()) return undefined;
    const bytes = this.#lane.take();
    if (bytes === undefined) return undefined;
    this.credit -= 1;
    this.creditBytes -= bytes.length;
    this.#pace?.spend(bytes.length);
    this.#current = bytes;
    this.#currentSeq = this.#seqs?.take() ?? 0;
    this.#isLeftover = false;
    this.offset = 0;
    // Last, since a handler may close the channel or end the session.
    if (this.onMove !== undefined) this.moved();
    return this.#current;
  }

  /** Moves waiting sends into the lane, oldest first, while it has room. */
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
   * Marks the current message as completely written, unless the peer went down in the meantime. The
   * free places go to the waiting sends only once the lane is empty or at `admit`, in batches,
   * since a sender that learns of room sends again.
   */
  done(): void {
    if (this.#current === undefined) return;
    this.messages += 1;
    this.bytes += this.#current.length;
    this.#current = undefined;
    if (this.#waiting.size > 0 && this.#lane.size === 0) this.admit();
  }

  /**
   * Removes and returns the messages that have not been started, in order, and the sends that wait.
   * A partly written message is finished, since its credit is spent, unless the connection has
   * ended. Calls nobody back: see `moved` and `abandon`.
   */
  takeUnsent(reason: UnsentReason): Unsent {
    if (reason !== 'channel-not-open') this.#pace?.stop();
    const unsent: Uint8Array[] = [];
    const hasEnded = reason === 'peer-down' || reason === 'node-stopped';
    let leftover = 0;
    if (hasEnded && this.#current !== undefined) {
      if (this.#isLeftover) leftover = 1;
      else unsent.push(this.#current);
      this.#current = undefined;
    }
    for (let next = this.#lane.take(); next !== undefined; next = this.#lane.take()) {
      unsent.push(next);
    }
    this.#seqs?.clear();
    return { messages: unsent, sends: this.#waiting.removeAll(), leftover };
  }

  /** A message has left the lane, or the lane has been emptied. */
  moved(): void {
    const moved = this.onMove;
    this.onMove = undefined;
    moved?.();
  }

  /** Keeps the sequence numbers in step with the messages in the lane. */
  #note(offered: Offered, seq: number): void {
    if (offered !== 'taken' && offered !== 'displaced') return;
    for (let dropped = 0; dropped < this.#lane.displaced; dropped += 1) this.#seqs?.take();
    this.#seqs?.offer(seq);
  }
}
