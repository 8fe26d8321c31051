import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { SlowPeers, WaitingBroadcast } from './slow-peers.ts';

/** A peer's lane for which broadcasts wait, or have waited. */
interface Watch {
  readonly session: Session;
  readonly waiting: Set<WaitingBroadcast>;
  /** How many pieces had been written when it was looked at last; NaN: it was not. */
  written: number;
  isStuck: boolean;
  readonly end: Subscription;
}

/**
 * Lets broadcasts wait for a lane as long as that moves, since every lane is full at the end of a turn in
 * which much was sent. A lane from which nothing was written for a turn of the event loop is stuck:
 * broadcasts go past it, at once, until something is.
 */
export class SlowPeerDrop implements SlowPeers {
  readonly #clock: Clock;
  readonly #onSkip: (session: Session) => void;
  readonly #watches = new Map<Outbox, Watch>();
  /** One for all lanes. */
  #timer: Subscription | undefined;

  /** @param onSkip hears of each message that a peer misses after it was waited for */
  constructor(clock: Clock, onSkip: (session: Session) => void) {
    this.#clock = clock;
    this.#onSkip = onSkip;
  }

  mayWait(outbox: Outbox): boolean {
    const watch = this.#watches.get(outbox);
    if (watch?.isStuck === true) watch.isStuck = outbox.pieces === watch.written;
    return watch?.isStuck !== true;
  }

  waits(session: Session, outbox: Outbox, broadcast: WaitingBroadcast): void {
    const watch = this.#watches.get(outbox) ?? this.#begin(session, outbox);
    if (watch.waiting.size === 0) watch.written = NaN;
    watch.waiting.add(broadcast);
    this.#timer ??= this.#clock.schedule(this.#look, 0);
  }

  took(): void {
    // What was written is looked at once a turn.
  }

  left(outbox: Outbox, broadcast: WaitingBroadcast): void {
    this.#watches.get(outbox)?.waiting.delete(broadcast);
  }

  close(): void {
    this.#timer?.unsubscribe();
    for (const outbox of [...this.#watches.keys()]) this.#forget(outbox);
  }

  #begin(session: Session, outbox: Outbox): Watch {
    const end = session.ended$.subscribe(() => this.#forget(outbox));
    const watch = {
      session,
      waiting: new Set<WaitingBroadcast>(),
      written: NaN,
      isStuck: false,
      end,
    };
    this.#watches.set(outbox, watch);
    return watch;
  }

  #forget(outbox: Outbox): void {
    const watch = this.#watches.get(outbox);
    watch?.end.unsubscribe();
    watch?.waiting.clear();
    this.#watches.delete(outbox);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const stuck: Watch[] = [];
    let waits = false;
    for (const [outbox, watch] of this.#watches) {
      if (watch.waiting.size === 0) continue;
      watch.isStuck = outbox.pieces === watch.written;
      watch.written = outbox.pieces;
      if (watch.isStuck) stuck.push(watch);
      else waits = true;
    }
    if (waits) this.#timer = this.#clock.schedule(this.#look, 0);
    for (const watch of stuck) this.#skipAll(watch);
  };

  #skipAll({ session, waiting }: Watch): void {
    for (const broadcast of [...waiting]) {
      // Who hears of one may have taken another one back.
      if (!waiting.delete(broadcast)) continue;
      broadcast.skip();
      this.#onSkip(session);
    }
  }
}
