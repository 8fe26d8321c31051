import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { type RxmeshError, toRxmeshError } from '../model/error.ts';
import type { Link } from '../transport/link.ts';
import type { Credit } from './channel-end.ts';
import { Control } from './control.ts';
import { InFlight, type OpenWindow } from './in-flight.ts';
import { GuardedDiscipline, type Discipline } from './discipline.ts';
import { type Outbox, SendCounter } from './outbox.ts';
import { TurnOrder } from './turn-order.ts';
import { unmeasuredWindow } from './unmeasured-window.ts';

/**
 * The most bytes that one channel may write before the discipline chooses again: one record, since
 * a record opens only when it is complete.
 */
const quantumBytesMax = 64 * 1024;
/** What a data packet's header counts as, whatever the wire. */
const headerBytes = 4;
/** A message is not split to fill less room than this, if the link allows pieces that large. */
const fragmentBytesMin = 1024;
/** Records written in one turn before yielding to the event loop. */
const recordsPerTurnMax = 8;
/** Options of a `Pump`. */
export interface PumpOptions {
  readonly link: Link;
  readonly clock: Clock;
  /** Creates the discipline of this link. */
  readonly discipline: () => Discipline;
  /** Messages wait in an outbox for credit, or for its rate. Called often. */
  readonly onHeldBack: () => void;
  /**
   * Called after the pump has stopped because the discipline or the link failed; with
   * `RXMESH_DISCIPLINE_FAILED` in the first case.
   */
  readonly onFailure: (error: RxmeshError) => void;
  /** Limits how much is in flight. Default: a new `InFlight`, if the link answers every ping. */
  readonly inFlight?: OpenWindow;
}

/**
 * Writes a session's outboxes to its link: a quantum of bytes from the outbox that the discipline
 * chooses, then from the next one, many messages to a record, and record after record while the
 * link is writable. A message sent on its own leaves at the end of the turn in which it was sent.
 */
export class Pump {
  /** For outboxes, if the discipline needs to know when messages were sent. */
  readonly counter: SendCounter | undefined;

  readonly #link: Link;
  readonly #clock: Clock;
  readonly #discipline: GuardedDiscipline;
  readonly #onHeldBack: () => void;
  readonly #onFailure: (error: RxmeshError) => void;
  /** How much more the current record should take. */
  #recordRoom = 0;
  #quantumBytes = quantumBytesMax;
  /** With less room than this, the batch is flushed rather than a message split. */
  #cutBytesMin = 0;
  /** The outboxes that have something to send. */
  readonly #ready: TurnOrder;
  readonly #control: Control;
  readonly #inFlight: OpenWindow;
  /** What pongs count their times from. */
  readonly #startMs: number;
  #turn: Subscription | undefined;
  #running = false;
  #stopped = false;

  constructor({ link, clock, discipline, onHeldBack, onFailure, inFlight }: PumpOptions) {
    this.#link = link;
    this.#inFlight = inFlight ?? (link.hasCredit ? new InFlight() : unmeasuredWindow);
    this.#control = new Control(link, () => this.#inFlight.pinged(clock.now()));
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#discipline = new GuardedDiscipline(discipline);
    this.#ready = new TurnOrder(this.#discipline);
    this.#onHeldBack = onHeldBack;
    this.#onFailure = onFailure;
    this.counter = this.#discipline.perMessage ? new SendCounter() : undefined;
  }

  /** Notes that `outbox` may have something to send. It is served at the end of this turn. */
  wake(outbox: Outbox): void {
    if (outbox.queued) return;
    if (!outbox.ready) {
      this.#checkHeldBack(outbox);
      return;
    }
    this.#ready.add(outbox);
    this.#runAfterTurn();
  }

  /** Call when something that affects the rank of `outbox` has changed. */
  rerank(outbox: Outbox): void {
    this.#ready.rerank(outbox);
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
    this.#control.pong(this.#clock.now() - this.#startMs);
    this.#runAfterTurn();
  }

  /**
   * Writes a ping, before all data, as soon as the link accepts it. `onPing` is called just before.
   */
  ping(onPing: () => void): void {
    this.#control.ping(onPing);
    this.run();
  }

  /**
   * The peer has read everything written before a ping. Returns true if keep-alive sent that ping.
   * @param readAtMs when it has, by its own clock; undefined if it does not say
   */
  ponged(readAtMs?: number): boolean {
    const whose = this.#control.ponged();
    if (whose === undefined) return false;
    this.#inFlight.ponged(this.#clock.now(), readAtMs);
    if (this.#ready.size > 0) this.#runAfterTurn();
    return whose === 'keep-alive';
  }

  /** How many pings were written. */
  get pings(): number {
    return this.#control.pings;
  }

  /** Measures the round trip, with a ping along with whatever is written next. */
  measure(): void {
    this.#control.measure();
  }

  /**
   * Sends a ping behind everything written so far. Returns a function that says whether it has been
   * answered.
   */
  askIfRead(): () => boolean {
    // In a record of its own: within a record, a ping would precede the announcements.
    this.run();
    this.#control.measure();
    this.run();
    // If the link is not writable now, the ping is still due.
    const { pingsWrittenOrDue } = this.#control;
    return () => this.#control.pongs >= pingsWrittenOrDue;
  }

  /** The shortest recent round trip, in milliseconds; Infinity before the first. */
  get roundTripMs(): number {
    return this.#inFlight.roundTripMs;
  }

  /** Writes immediately whatever can be written. */
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
    // Whatever became ready during the last flush could not start the pump while it was running.
    if (this.#mayWrite() && this.#link.writable) this.#runAfterTurn();
  }

  /**
   * Writes what can be written now, at least from `outbox`, whose channel is about to close. May be
   * called from within the pump, by a sender that was notified of room.
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

  /** Stops writing for good. */
  stop(): void {
    this.#stopped = true;
    this.#turn?.unsubscribe();
    this.#control.clear();
    this.#ready.clear();
  }

  /** Whether there is something to write that the window allows. */
  #mayWrite(): boolean {
    return this.#control.due || this.#mayWriteData();
  }

  #mayWriteData(): boolean {
    return this.#ready.size > 0 && this.#inFlight.open;
  }

  #runAfterTurn(): void {
    if (this.#running || this.#stopped || this.#turn !== undefined) return;
    this.#turn = this.#clock.afterTurn(this.#runAtTurn);
  }

  /**
   * Runs `work`; stops the pump if the discipline fails, or the link of a transport with its own
   * wire.
   */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.stop();
      this.#onFailure(toRxmeshError(thrown, 'RXMESH_CONNECTION_FAILED', 'the link has failed'));
    }
  }

  readonly #writeAll = (): void => this.#write();

  /** Created once, so that batches do not allocate closures. */
  readonly #runAtTurn = (): void => this.run();

  #write(): void {
    for (let records = 0; this.#link.writable; records += 1) {
      this.#writeControl();
      const hasReady = this.#ready.size > 0;
      if (!hasReady) this.#inFlight.starved();
      const more = hasReady && this.#inFlight.open;
      const handOver = more && records === recordsPerTurnMax;
      if (more && !handOver) this.#fill();
      // Before the flush, which may end the link and, with it, this timer.
      if (handOver) this.#turn = this.#clock.schedule(this.#runAtTurn, 0);
      this.#link.flush();
      if (!more || handOver) return;
    }
  }

  #writeControl(): void {
    if (this.#ready.size > 0 && this.#inFlight.pingDue) this.#control.measure();
    this.#control.writePings();
    if (this.#link.writable) this.#control.writeAnnouncements();
  }

  /** Fills the open batch from one outbox after another. */
  #fill(): void {
    this.#beginRecord();
    let outbox = this.#ready.first();
    while (outbox !== undefined) {
      const isFull = this.#serve(outbox);
      if (this.#stopped) return;
      if (!outbox.ready) this.#checkHeldBack(outbox);
      // A turn cut short by the end of a batch continues if the discipline agrees. Otherwise an
      // outbox of large messages would starve behind one that fills every batch.
      const isTurnOver = !isFull || outbox.turnBytes >= this.#quantumBytes;
      outbox = this.#ready.after(outbox, isTurnOver, isFull);
    }
  }

  /**
   * Writes up to a quantum from one outbox, or, while no other is ready, whatever the batch takes.
   * Returns true if the batch has no room left for it.
   */
  #serve(outbox: Outbox): boolean {
    const link = this.#link;
    const ready = this.#ready;
    const { perMessage } = this.#discipline;
    const quantumBytes = this.#quantumBytes;
    const recordRoom = this.#recordRoom;
    let written = 0;
    let isFull = false;
    for (let bytes = outbox.current(); bytes !== undefined; bytes = outbox.current()) {
      const { offset } = outbox;
      const rest = bytes.length - offset;
      const room = Math.min(link.room, recordRoom - written);
      // An empty message needs no room, but its header does.
      isFull = room <= 0 || (room < rest && room < this.#cutBytesMin);
      if (isFull) break;
      // Others may become ready meanwhile.
      const isAlone = ready.size === 0;
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
      if (perMessage && ready.size > 0) break;
    }
    this.#inFlight.wrote(written);
    this.#recordRoom = recordRoom - written;
    this.#reportServed(outbox, written);
    outbox.admit();
    return isFull;
  }

  /** Reports written bytes to the discipline in quanta, so that it never sees larger pieces. */
  #reportServed(outbox: Outbox, bytes: number): void {
    const quantumBytes = this.#quantumBytes;
    let rest = bytes;
    for (; rest > quantumBytes + headerBytes; rest -= quantumBytes) {
      this.#discipline.served(outbox, quantumBytes);
    }
    if (rest > 0) this.#discipline.served(outbox, rest);
  }

  #checkHeldBack(outbox: Outbox): void {
    if (outbox.depth > 0) this.#onHeldBack();
  }

  /** Sizes the record by the speed of the line, so that nothing urgent waits long for one. */
  #beginRecord(): void {
    const { recordBytes } = this.#inFlight;
    const { fragmentBytesMax } = this.#link;
    this.#recordRoom = recordBytes;
    this.#quantumBytes = Math.min(quantumBytesMax, recordBytes);
    this.#cutBytesMin = Math.min(fragmentBytesMin, fragmentBytesMax, recordBytes);
  }
}
