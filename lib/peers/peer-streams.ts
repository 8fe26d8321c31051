import { type Observable, Subject, type Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Flow } from '../flow/flow.ts';
import { hasSlept } from '../flow/has-slept.ts';
import type { NodeAddress } from '../model/address.ts';
import type { NodeId } from '../model/id.ts';
import { Decisions } from './decisions.ts';
import type { Eviction } from './evictions.ts';
import type { PeerTable } from './peer-table.ts';
import { PeerUpdates, type PeerUpdate } from './peer-updates.ts';

/**
 * How often the clock is checked while a peer is being dialed or waits for it, to notice that the
 * machine has slept.
 */
const lookMs = 10_000;

/**
 * Emits what follows from a table of peers, after every change of it: peers going up and down,
 * those that were forgotten, evictions, and dials when they are due. Has the only timer.
 */
export class PeerStreams {
  readonly dials$: Flow<NodeAddress>;
  readonly evictions$: Flow<Eviction>;
  readonly updates$: Observable<PeerUpdate>;
  readonly peers$: Observable<PeerUpdate>;
  readonly forgotten$: Observable<NodeId>;
  readonly #table: PeerTable;
  readonly #clock: Clock;
  readonly #dials: Decisions<NodeAddress>;
  readonly #evictions: Decisions<Eviction>;
  readonly #updates = new PeerUpdates();
  readonly #forgotten = new Subject<NodeId>();
  #timer: Subscription | undefined;
  /** When the timer should fire; `Infinity` without one. */
  #dueAtMs = Infinity;
  /** Whether the next dial may have changed since the table was last asked. */
  #isDialStale = true;
  #isEmitting = false;

  constructor(table: PeerTable, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
    this.#dials = new Decisions(clock, () => this.#dialsMayChange());
    this.#evictions = new Decisions(clock, () => this.#emit());
    this.dials$ = this.#dials.flow;
    this.evictions$ = this.#evictions.flow;
    this.updates$ = this.#updates.updates$;
    this.peers$ = this.#updates.peers$;
    this.forgotten$ = this.#forgotten.asObservable();
  }

  /** Completes the streams and drops the timer. */
  close(): void {
    this.#dropTimer();
    this.#dials.complete();
    this.#evictions.complete();
    this.#updates.complete();
    this.#forgotten.complete();
  }

  /** Changes the table by `work`, and emits the results, even if it throws. */
  change<T>(work: () => T): T {
    try {
      return work();
    } finally {
      this.#dialsMayChange();
    }
  }

  #dialsMayChange(): void {
    this.#isDialStale = true;
    this.#emit();
  }

  /**
   * Emits until nothing is left. A call from a subscriber returns, and the outer one continues.
   */
  #emit(): void {
    if (this.#isEmitting) return;
    this.#isEmitting = true;
    try {
      let hasMore = true;
      while (hasMore) hasMore = this.#emitOne();
    } finally {
      this.#isEmitting = false;
    }
  }

  #emitOne(): boolean {
    const update = this.#table.nextUpdate();
    if (update !== undefined) {
      this.#updates.next(update);
      return true;
    }
    const forgotten = this.#table.nextForgotten();
    if (forgotten !== undefined) {
      this.#forgotten.next(forgotten);
      return true;
    }
    const eviction = this.#evictions.isWanted ? this.#table.nextEviction() : undefined;
    if (eviction !== undefined) {
      this.#evictions.next(eviction);
      return true;
    }
    return this.#isDialStale && this.#emitDial();
  }

  #emitDial(): boolean {
    const nowMs = this.#clock.now();
    // The first event after a sleep leads here: the timer, or the end of a dial that slept as well.
    if (hasSlept(nowMs - this.#dueAtMs, lookMs)) this.#table.endWaits();
    this.#dropTimer();
    this.#isDialStale = false;
    if (!this.#dials.isWanted) return false;
    const next = this.#table.nextDial(nowMs);
    if ('address' in next) {
      this.#isDialStale = true;
      this.#dials.next(next.address);
      return true;
    }
    if (next.dueMs < Infinity || this.#table.isDialing) {
      const delayMs = Math.min(next.dueMs - nowMs, lookMs);
      this.#dueAtMs = nowMs + delayMs;
      this.#timer = this.#clock.schedule(() => this.#dialsMayChange(), delayMs);
    }
    return false;
  }

  #dropTimer(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    this.#dueAtMs = Infinity;
  }
}
