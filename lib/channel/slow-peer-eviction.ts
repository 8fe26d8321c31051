import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { SlowPeers } from './slow-peers.ts';

/** A peer's lane for which broadcasts wait, or have waited. */
interface Watch {
  readonly session: Session;
  /** How many broadcasts wait for it now. */
  waiting: number;
  /** When the first of them began to wait, or the lane took a message, or gave a piece of one, after that. */
  sinceMs: number;
  /** Pieces that had been written when it was looked at last. */
  pieces: number;
  /** Whether the lane's own rate held it back when it was looked at last. */
  wasPaused: boolean;
  timer: Subscription | undefined;
  readonly end: Subscription;
}

/**
 * Lets broadcasts wait, and tells of each peer whose lane has taken nothing for too long meanwhile. It
 * has one timer for a lane, which outlasts a broadcast: a peer that takes one message at a time costs
 * no timer a message.
 */
export class SlowPeerEviction implements SlowPeers {
  readonly #afterMs: number;
  readonly #clock: Clock;
  readonly #onSlow: (session: Session) => void;
  readonly #watches = new Map<Outbox, Watch>();

  constructor(afterMs: number, clock: Clock, onSlow: (session: Session) => void) {
    this.#afterMs = afterMs;
    this.#clock = clock;
    this.#onSlow = onSlow;
  }

  mayWait(): boolean {
    return true;
  }

  waits(session: Session, outbox: Outbox): void {
    const watch = this.#watches.get(outbox) ?? this.#begin(session, outbox);
    if (watch.waiting === 0) {
      watch.sinceMs = this.#clock.now();
      watch.pieces = outbox.pieces;
    }
    watch.waiting += 1;
    watch.timer ??= this.#schedule(outbox, watch, this.#afterMs);
  }

  took(outbox: Outbox): void {
    const watch = this.#watches.get(outbox);
    if (watch === undefined || watch.waiting === 0) return;
    watch.sinceMs = this.#clock.now();
    watch.pieces = outbox.pieces;
  }

  left(outbox: Outbox): void {
    const watch = this.#watches.get(outbox);
    if (watch !== undefined) watch.waiting -= 1;
  }

  close(): void {
    for (const outbox of [...this.#watches.keys()]) this.#forget(outbox);
  }

  #begin(session: Session, outbox: Outbox): Watch {
    const end = session.ended$.subscribe(() => this.#forget(outbox));
    const watch: Watch = {
      session,
      waiting: 0,
      sinceMs: 0,
      pieces: 0,
      wasPaused: false,
      timer: undefined,
      end,
    };
    this.#watches.set(outbox, watch);
    return watch;
  }

  #forget(outbox: Outbox): void {
    const watch = this.#watches.get(outbox);
    this.#watches.delete(outbox);
    watch?.timer?.unsubscribe();
    watch?.end.unsubscribe();
  }

  #schedule(outbox: Outbox, watch: Watch, delayMs: number): Subscription {
    return this.#clock.schedule(() => this.#look(outbox, watch), delayMs);
  }

  #look(outbox: Outbox, watch: Watch): void {
    watch.timer = undefined;
    if (watch.waiting === 0) return;
    const nowMs = this.#clock.now();
    // The peer is not to blame for a rate of our own. It may take pieces of a message, or messages of a lane that is
    // still full by its bytes.
    const moves = outbox.pieces !== watch.pieces;
    if (moves || outbox.isPaused || watch.wasPaused) watch.sinceMs = nowMs;
    watch.pieces = outbox.pieces;
    watch.wasPaused = outbox.isPaused;
    // A clock that was set back does not give the peer all that time.
    watch.sinceMs = Math.min(watch.sinceMs, nowMs);
    const leftMs = watch.sinceMs + this.#afterMs - nowMs;
    if (leftMs > 0) watch.timer = this.#schedule(outbox, watch, leftMs);
    else this.#onSlow(watch.session);
  }
}
