import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Link } from '../transport/link.ts';
import type { Outbox } from './outbox.ts';

/** Bytes that one channel may write before it is the next one's turn. */
const quantumBytes = 16 * 1024;
/** A message is not cut for less room than this, on a link that takes as much in one piece. */
const fragmentBytesMin = 1024;
/** Records written in one turn; then the event loop gets its chance. */
const recordsPerTurnMax = 8;
/** In place of an amount of credit: the channel is closed. */
const closed = -1;
/** Room that every packet other than data needs, at most. */
const controlBytesMax = 16;

/**
 * Writes what waits in a session's outboxes to its link: round-robin, a quantum of bytes each, many
 * messages to a record, and one record after the other as long as the link is writable. A message
 * that is sent alone leaves at the end of the turn in which it was sent.
 *
 * The queue of outboxes that have something to send runs through the outboxes themselves.
 */
export class Pump {
  readonly #link: Link;
  readonly #clock: Clock;
  /** With less room than this a batch is flushed before a message is cut. */
  readonly #cutBytesMin: number;
  #first: Outbox | undefined;
  #last: Outbox | undefined;
  /** What is to be said of channels: credit, or `closed`. */
  readonly #news = new Map<number, number>();
  #pongDue = false;
  /** Set while a ping is to be written; called when it is. */
  #pingDue: (() => void) | undefined;
  #turn: Subscription | undefined;
  #running = false;
  #stopped = false;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
    this.#cutBytesMin = Math.min(fragmentBytesMin, link.fragmentBytesMax);
  }

  /** `outbox` may have something to send: it is served at the end of this turn. */
  wake(outbox: Outbox): void {
    if (outbox.queued || !outbox.ready) return;
    this.#enqueue(outbox);
    this.#runAfterTurn();
  }

  /** Lets the peer send `messages` more; grants of one turn are sent as one. */
  grant(channel: number, messages: number): void {
    // Whoever reopens a channel in the turn in which it was closed has not closed it for the peer.
    this.#news.set(channel, Math.max(0, this.#news.get(channel) ?? 0) + messages);
    this.#runAfterTurn();
  }

  /** Says that a channel is closed here. Returns the credit that was granted and is now never sent. */
  close(channel: number): number {
    const unsent = Math.max(0, this.#news.get(channel) ?? 0);
    this.#news.set(channel, closed);
    this.#runAfterTurn();
    return unsent;
  }

  /** Answers a ping; several that wait are answered as one. */
  pong(): void {
    this.#pongDue = true;
    this.#runAfterTurn();
  }

  /** Writes a ping, in front of all data, as soon as the link takes it; calls `onPing` just before. */
  ping(onPing: () => void): void {
    this.#pingDue = onPing;
    this.run();
  }

  /** Writes now what can be written now. */
  run(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    this.#turn?.unsubscribe();
    this.#turn = undefined;
    try {
      this.#write();
    } finally {
      this.#running = false;
    }
    // What came up during the last flush has found the pump running.
    if (this.#hasWork && this.#link.writable) this.#runAfterTurn();
  }

  /** Writes nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#turn?.unsubscribe();
    this.#news.clear();
    this.#first = undefined;
    this.#last = undefined;
  }

  get #hasWork(): boolean {
    return (
      this.#first !== undefined ||
      this.#news.size > 0 ||
      this.#pongDue ||
      this.#pingDue !== undefined
    );
  }

  #runAfterTurn(): void {
    if (this.#running || this.#stopped || this.#turn !== undefined) return;
    this.#turn = this.#clock.afterTurn(this.#runAtTurn);
  }

  /** One function for all turns: none is made per batch. */
  readonly #runAtTurn = (): void => this.run();

  #write(): void {
    for (let records = 0; this.#link.writable; records += 1) {
      this.#writeControl();
      const more = this.#first !== undefined;
      const handOver = more && records === recordsPerTurnMax;
      if (more && !handOver) this.#fill();
      // In front of the flush, which may be the end of the link and of this timer.
      if (handOver) this.#turn = this.#clock.schedule(this.#runAtTurn, 0);
      this.#link.flush();
      if (!more || handOver) return;
    }
  }

  #writeControl(): void {
    if (this.#pongDue) {
      this.#pongDue = false;
      this.#link.pong();
    }
    const onPing = this.#pingDue;
    if (onPing !== undefined) {
      this.#pingDue = undefined;
      onPing();
      this.#link.ping();
    }
    if (this.#news.size === 0) return;
    for (const [channel, messages] of this.#news) {
      // First, since a flush may bring news of the same channel.
      this.#news.delete(channel);
      if (this.#link.room < controlBytesMax) this.#link.flush();
      if (messages === closed) this.#link.channelClosed(channel);
      else this.#link.credit(channel, messages);
    }
  }

  /** Fills the open batch, outbox after outbox. */
  #fill(): void {
    for (let outbox = this.#dequeue(); outbox !== undefined; outbox = this.#dequeue()) {
      const full = this.#serve(outbox);
      // Only now, so that whoever is woken from within keeps the place in the round.
      outbox.queued = false;
      if (full) {
        // Its turn goes on in the next batch: it would starve behind one that fills every batch.
        this.#putFirst(outbox);
        return;
      }
      if (outbox.ready) this.#enqueue(outbox);
    }
  }

  /**
   * Writes up to a quantum of one outbox, or a batch if no other waits; true when the batch has no
   * room for it left.
   */
  #serve(outbox: Outbox): boolean {
    const link = this.#link;
    let quantum = quantumBytes;
    while (quantum > 0) {
      const bytes = outbox.current();
      if (bytes === undefined) return false;
      const { offset } = outbox;
      const rest = bytes.length - offset;
      const room = link.room;
      // An empty message needs no room, but its header does.
      if (room === 0 || (room < rest && room < this.#cutBytesMin)) return true;
      const share = this.#first === undefined ? rest : quantumBytes;
      const size = Math.min(rest, room, link.fragmentBytesMax, share);
      const end = offset + size;
      const last = end === bytes.length;
      link.data(outbox.channel, bytes, offset, end, last);
      quantum -= size + 1;
      outbox.offset = end;
      if (last) outbox.done();
    }
    return false;
  }

  #enqueue(outbox: Outbox): void {
    outbox.queued = true;
    outbox.next = undefined;
    if (this.#last === undefined) this.#first = outbox;
    else this.#last.next = outbox;
    this.#last = outbox;
  }

  #putFirst(outbox: Outbox): void {
    outbox.queued = true;
    outbox.next = this.#first;
    this.#first = outbox;
    this.#last ??= outbox;
  }

  #dequeue(): Outbox | undefined {
    const outbox = this.#first;
    if (outbox === undefined) return undefined;
    this.#first = outbox.next;
    if (this.#first === undefined) this.#last = undefined;
    outbox.next = undefined;
    return outbox;
  }
}
