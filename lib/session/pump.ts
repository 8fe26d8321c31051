import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { type RxmeshError, toRxmeshError } from '../model/error.ts';
import type { Link } from '../transport/link.ts';
import type { Credit } from './channel-end.ts';
import { Control } from './control.ts';
import { InFlight, type OpenWindow } from './in-flight.ts';
import { GuardedDiscipline, type Discipline } from './discipline.ts';
import { type Outbox, SendCounter } from './outbox.ts';
import { ReadyQueue } from './ready-queue.ts';

/**
 * Bytes that one channel may write before the discipline chooses again, at most: it is a record,
 * which opens only whole.
 */
const quantumBytesMax = 64 * 1024;
/** What the header of a data packet counts for, whatever the wire. */
const headerBytes = 4;
/** A message is not cut for less room than this, on a link that takes as much in one piece. */
const fragmentBytesMin = 1024;
/** Records written in one turn; then the event loop gets its chance. */
const recordsPerTurnMax = 8;
/** What a pump works with. */
export interface PumpOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** Makes the discipline of this link. */
  readonly discipline: () => Discipline;
  /**
   * The discipline has failed, with `RXMESH_DISCIPLINE_FAILED`, or the link has: the pump has
   * stopped.
   */
  readonly onFailure: (error: RxmeshError) => void;
  /** Bounds what is under way. Default: a new `InFlight`. */
  readonly inFlight?: OpenWindow;
}

/**
 * Writes what waits in a session's outboxes to its link: a quantum of bytes of the one that the
 * discipline chooses, then of the next one, many messages to a record, and one record after the
 * other as long as the link is writable. A message that is sent alone leaves at the end of the turn
 * in which it was sent.
 *
 * Outboxes that have something to send stand in a queue, by rank. The discipline is asked only
 * while the pump runs: those that become ready are listed first, in a queue that runs through the
 * outboxes themselves.
 */
export class Pump {
  /** For outboxes, if the discipline asks when messages were sent. */
  readonly counter: SendCounter | undefined;

  readonly #link: Link;
  readonly #clock: Clock;
  readonly #discipline: GuardedDiscipline;
  readonly #onFailure: (error: RxmeshError) => void;
  /** How much more the open record should take. */
  #recordRoom = 0;
  #quantumBytes = quantumBytesMax;
  /** With less room than this a batch is flushed before a message is cut. */
  #cutBytesMin = 0;
  readonly #ready = new ReadyQueue<Outbox>();
  /** Outboxes that have become ready, and are not ranked yet. */
  #firstWoken: Outbox | undefined;
  #lastWoken: Outbox | undefined;
  /** Turns that have begun: of equal rank, the outbox whose turn it was longest ago is the next. */
  #turns = 0;
  readonly #control: Control;
  readonly #inFlight: OpenWindow;
  #turn: Subscription | undefined;
  #running = false;
  #stopped = false;

  constructor({ link, clock, discipline, onFailure, inFlight = new InFlight() }: PumpOptions) {
    this.#link = link;
    this.#inFlight = inFlight;
    this.#control = new Control(link, () => this.#inFlight.pinged(clock.now()));
    this.#clock = clock;
    this.#discipline = new GuardedDiscipline(discipline);
    this.#onFailure = onFailure;
    this.counter = this.#discipline.perMessage ? new SendCounter() : undefined;
  }

  /** `outbox` may have something to send: it is served at the end of this turn. */
  wake(outbox: Outbox): void {
    if (outbox.queued || !outbox.ready) return;
    this.#list(outbox);
    this.#runAfterTurn();
  }

  /** What `outbox` is ranked by has changed. */
  rerank(outbox: Outbox): void {
    if (this.#ready.remove(outbox)) this.#list(outbox);
  }

  /** See `Control.grant`. */
  grant(channel: number, messages: number, bytes: number): void {
    this.#control.grant(channel, messages, bytes);
    this.#runAfterTurn();
  }

  /** See `Control.open`. */
  open(channel: number, limitBytes: number | undefined): void {
    this.#control.open(channel, limitBytes);
    this.#runAfterTurn();
  }

  /** See `Control.close`. */
  close(channel: number): Credit {
    const unsent = this.#control.close(channel);
    this.#runAfterTurn();
    return unsent;
  }

  /** Answers a ping. */
  pong(): void {
    this.#control.pong();
    this.#runAfterTurn();
  }

  /**
   * Writes a ping, in front of all data, as soon as the link takes it; calls `onPing` just before.
   */
  ping(onPing: () => void): void {
    this.#control.ping(onPing);
    this.run();
  }

  /** The peer has read what was written in front of a ping. True if that was keep-alive's. */
  ponged(): boolean {
    const whose = this.#control.ponged();
    if (whose === undefined) return false;
    this.#inFlight.ponged(this.#clock.now());
    if (this.#hasReady()) this.#runAfterTurn();
    return whose === 'keep-alive';
  }

  /** How many pings were written. */
  get pings(): number {
    return this.#control.pings;
  }

  /** Measures the round trip, with a ping in what is written next. */
  measure(): void {
    this.#control.measure();
  }

  /** Asks the peer, behind all that was written. Returns whether it has answered. */
  inquire(): () => boolean {
    // In a record of its own: in one with other news it would stand in front of them.
    this.run();
    this.#control.measure();
    this.run();
    // Of a link that takes nothing now, the ping is still due.
    const { asked } = this.#control;
    return () => this.#control.pongs >= asked;
  }

  /** The shortest round trip of late, in milliseconds; Infinity before the first. */
  get roundTripMs(): number {
    return this.#inFlight.roundTripMs;
  }

  /** Writes now what can be written now. */
  run(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    this.#turn?.unsubscribe();
    this.#turn = undefined;
    try {
      this.#guarded(this.#writeAll);
    } finally {
      this.#running = false;
    }
    // What came up during the last flush has found the pump running.
    if (this.#mayWrite() && this.#link.writable) this.#runAfterTurn();
  }

  /**
   * Writes what can be written now, of `outbox` at least, whose channel is about to be closed:
   * maybe by who hears from within this pump that there is room.
   */
  finish(outbox: Outbox): void {
    if (!this.#running) {
      this.run();
      return;
    }
    this.#guarded(() => {
      while (!this.#stopped && outbox.ready && this.#link.writable && this.#inFlight.open) {
        outbox.turnBytes = 0;
        this.#beginRecord();
        this.#serve(outbox);
        this.#link.flush();
      }
    });
  }

  /** Writes nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#turn?.unsubscribe();
    this.#control.clear();
    this.#ready.clear();
    this.#firstWoken = undefined;
    this.#lastWoken = undefined;
  }

  /** Whether there is something to write, as far as the window of the link goes. */
  #mayWrite(): boolean {
    return this.#control.due || this.#mayWriteData();
  }

  #mayWriteData(): boolean {
    return this.#hasReady() && this.#inFlight.open;
  }

  /** Whether an outbox has something to send, beside the one that is served. */
  #hasReady(): boolean {
    return this.#firstWoken !== undefined || this.#ready.size > 0;
  }

  #runAfterTurn(): void {
    if (this.#running || this.#stopped || this.#turn !== undefined) return;
    this.#turn = this.#clock.afterTurn(this.#runAtTurn);
  }

  /** Stops when the discipline fails, or the link of a transport that has a wire of its own. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.stop();
      this.#onFailure(toRxmeshError(thrown, 'RXMESH_CONNECTION_FAILED', 'the link has failed'));
    }
  }

  readonly #writeAll = (): void => this.#write();

  /** One function for all turns: none is made per batch. */
  readonly #runAtTurn = (): void => this.run();

  #write(): void {
    for (let records = 0; this.#link.writable; records += 1) {
      this.#writeControl();
      const hasReady = this.#hasReady();
      if (!hasReady) this.#inFlight.starved();
      const more = hasReady && this.#inFlight.open;
      const handOver = more && records === recordsPerTurnMax;
      if (more && !handOver) this.#fill();
      // In front of the flush, which may be the end of the link and of this timer.
      if (handOver) this.#turn = this.#clock.schedule(this.#runAtTurn, 0);
      this.#link.flush();
      if (!more || handOver) return;
    }
  }

  #writeControl(): void {
    if (this.#hasReady() && this.#inFlight.pingDue) this.#control.measure();
    this.#control.writePings();
    if (this.#link.writable) this.#control.writeNews();
  }

  /** Fills the open batch, outbox after outbox. */
  #fill(): void {
    this.#beginRecord();
    let outbox = this.#first();
    while (outbox !== undefined) {
      const isFull = this.#serve(outbox);
      // In front of the one that was served, which has waited less.
      this.#rankWoken();
      const goesOn = outbox.ready && !this.#stopped;
      if (goesOn) {
        // A turn that the end of a batch has cut short goes on, as far as the discipline has it:
        // else one whose messages are large would starve behind one that fills every batch.
        if (!isFull || outbox.turnBytes >= this.#quantumBytes) this.#beginTurn(outbox);
        outbox.rank = this.#discipline.rank(outbox);
      } else {
        this.#retire(outbox);
      }
      if (isFull) {
        if (goesOn) this.#ready.push(outbox);
        return;
      }
      outbox = this.#next(goesOn ? outbox : undefined);
    }
  }

  /** The outbox to begin with. One that has become ready alone needs no queue. */
  #first(): Outbox | undefined {
    const outbox = this.#firstWoken;
    const isAlone = outbox?.next === undefined && this.#ready.size === 0;
    if (!isAlone || !outbox?.ready) {
      this.#rankWoken();
      return this.#next(undefined);
    }
    this.#firstWoken = undefined;
    this.#lastWoken = undefined;
    this.#beginTurn(outbox);
    outbox.rank = this.#discipline.rank(outbox);
    return outbox;
  }

  /** The outbox to serve: of those in the queue, and the one that was served just now. */
  #next(served: Outbox | undefined): Outbox | undefined {
    let outbox = served === undefined ? this.#ready.pop() : this.#ready.exchange(served);
    if (!this.#discipline.perMessage) return outbox;
    // The message that it was ranked by may have been dropped since. As many are asked as there
    // are, since the ranks of somebody's own discipline may change for ever.
    for (let asked = 0; asked <= this.#ready.size; asked += 1) {
      if (outbox === undefined || outbox === served || !outbox.ready) return outbox;
      outbox.rank = this.#discipline.rank(outbox);
      const first = this.#ready.exchange(outbox);
      if (first === outbox) return outbox;
      outbox = first;
    }
    return outbox;
  }

  /**
   * Writes up to a quantum of one outbox, or what the batch takes as long as no other is ready;
   * true when the batch has no room for it left.
   */
  #serve(outbox: Outbox): boolean {
    const link = this.#link;
    const { perMessage } = this.#discipline;
    const quantumBytes = this.#quantumBytes;
    const recordRoom = this.#recordRoom;
    let written = 0;
    const wasAlone = this.#ready.size === 0;
    let isFull = false;
    for (let bytes = outbox.current(); bytes !== undefined; bytes = outbox.current()) {
      const { offset } = outbox;
      const rest = bytes.length - offset;
      const room = Math.min(link.room, recordRoom - written);
      // An empty message needs no room, but its header does.
      isFull = room <= 0 || (room < rest && room < this.#cutBytesMin);
      if (isFull) break;
      // Who becomes ready meanwhile is listed first.
      const isAlone = wasAlone && this.#firstWoken === undefined;
      const share = isAlone ? rest : quantumBytes;
      const size = Math.min(rest, room, link.fragmentBytesMax, share);
      const { turnBytes } = outbox;
      if (!isAlone && turnBytes > 0 && turnBytes + size > quantumBytes) break;
      const end = offset + size;
      const isLast = end === bytes.length;
      link.data(outbox.channel, bytes, offset, end, isLast);
      outbox.turnBytes = turnBytes + size + headerBytes;
      written += size + headerBytes;
      outbox.offset = end;
      outbox.pieces += 1;
      if (!isLast) continue;
      outbox.done();
      if (perMessage && this.#hasReady()) break;
    }
    this.#inFlight.wrote(written);
    this.#recordRoom = recordRoom - written;
    this.#tell(outbox, written);
    outbox.admit();
    return isFull;
  }

  /**
   * Tells the discipline of bytes that were written, by quanta: it need not know of larger pieces.
   */
  #tell(outbox: Outbox, bytes: number): void {
    const quantumBytes = this.#quantumBytes;
    let rest = bytes;
    for (; rest > quantumBytes + headerBytes; rest -= quantumBytes) {
      this.#discipline.served(outbox, quantumBytes);
    }
    if (rest > 0) this.#discipline.served(outbox, rest);
  }

  /** Records are as large as the line is fast, so that what is urgent waits for none for long. */
  #beginRecord(): void {
    const { recordBytes } = this.#inFlight;
    const { fragmentBytesMax } = this.#link;
    this.#recordRoom = recordBytes;
    this.#quantumBytes = Math.min(quantumBytesMax, recordBytes);
    this.#cutBytesMin = Math.min(fragmentBytesMin, fragmentBytesMax, recordBytes);
  }

  #list(outbox: Outbox): void {
    outbox.queued = true;
    outbox.next = undefined;
    if (this.#lastWoken === undefined) this.#firstWoken = outbox;
    else this.#lastWoken.next = outbox;
    this.#lastWoken = outbox;
  }

  /** Puts those that have become ready into the queue. */
  #rankWoken(): void {
    for (let outbox = this.#firstWoken; outbox !== undefined; outbox = this.#firstWoken) {
      this.#firstWoken = outbox.next;
      if (outbox.next === undefined) this.#lastWoken = undefined;
      outbox.next = undefined;
      if (outbox.ready) {
        this.#beginTurn(outbox);
        outbox.rank = this.#discipline.rank(outbox);
        this.#ready.push(outbox);
      } else {
        this.#retire(outbox);
      }
    }
  }

  #beginTurn(outbox: Outbox): void {
    outbox.turnBytes = 0;
    outbox.order = this.#turns;
    this.#turns += 1;
  }

  #retire(outbox: Outbox): void {
    outbox.queued = false;
    outbox.turnBytes = 0;
  }
}
