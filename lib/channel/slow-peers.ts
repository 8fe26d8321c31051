import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { hasSlept } from '../flow/has-slept.ts';
import { wordOrTime } from '../flow/word-or-time.ts';
import type { OptionKind } from '../model/check-options.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { SlowPeerPolicy } from './channel.ts';

/**
 * With `slowPeer: 'drop'`, a lane that does not move for this long is stuck. Longer than a round
 * trip.
 */
const dropAfterMs = 1_000;

/** A broadcast waiting for one lane. */
export interface WaitingBroadcast {
  /** Stops waiting; the recipient misses the message. */
  skip(): void;
}

/** What to do about a peer whose lane has not moved for too long while broadcasts waited for it. */
export interface SlowPeerActions {
  /** The peer misses one message. */
  readonly missed: (session: Session) => void;
  /** The peer must be disconnected. */
  readonly evict: (session: Session) => void;
}

/** A lane that broadcasts are waiting for, or have waited for. */
interface Watch {
  readonly session: Session;
  readonly waiting: Set<WaitingBroadcast>;
  /**
   * When the first of them started to wait, or when the lane last moved after that: it took a
   * message, or a fragment was written from it.
   */
  sinceMs: number;
  /** The lane's `pieces` when it was last checked. */
  pieces: number;
  /** Whether its own rate was holding the lane back when it was last checked. */
  wasPaused: boolean;
  /** Whether broadcasts skip the lane until something is written from it. */
  isStuck: boolean;
  timer: Subscription | undefined;
  /** When the timer is due. If it fires much later, the machine has slept. */
  dueAtMs: number;
  readonly end: Subscription;
}

/**
 * Lets broadcasts wait for a lane as long as it moves, since every lane is full at the end of a
 * turn that sends a lot. A lane that does not move for too long is slow: broadcasts skip it until
 * it moves again, or its peer is evicted.
 *
 * There is one timer per lane, and it outlasts a broadcast, so a peer that takes one message at a
 * time does not cost a timer per message.
 */
export class SlowPeers {
  readonly #afterMs: number;
  readonly #evicts: boolean;
  readonly #clock: Clock;
  readonly #actions: SlowPeerActions;
  readonly #watches = new Map<Outbox, Watch>();

  constructor(policy: Exclude<SlowPeerPolicy, 'wait'>, clock: Clock, actions: SlowPeerActions) {
    this.#evicts = policy !== 'drop' && 'evictAfterMs' in policy;
    this.#afterMs = afterMsOf(policy);
    this.#clock = clock;
    this.#actions = actions;
  }

  /** Whether a broadcast that finds this lane full may wait for it. */
  mayWait(outbox: Outbox): boolean {
    const watch = this.#watches.get(outbox);
    if (watch?.isStuck === true) watch.isStuck = outbox.pieces === watch.pieces;
    return watch?.isStuck !== true;
  }

  /** A broadcast has started to wait. */
  waits(session: Session, outbox: Outbox, broadcast: WaitingBroadcast): void {
    const watch = this.#watches.get(outbox) ?? this.#begin(session, outbox);
    if (watch.waiting.size === 0) this.#moved(outbox, watch);
    watch.waiting.add(broadcast);
    watch.timer ??= this.#schedule(outbox, watch, this.#afterMs);
  }

  /** The lane has taken a waiting message, from a broadcast or not. */
  took(outbox: Outbox): void {
    const watch = this.#watches.get(outbox);
    if (watch !== undefined && watch.waiting.size > 0) this.#moved(outbox, watch);
  }

  /** A broadcast has stopped waiting. */
  left(outbox: Outbox, broadcast: WaitingBroadcast): void {
    this.#watches.get(outbox)?.waiting.delete(broadcast);
  }

  /** Stops watching lanes, because the channel has closed. */
  close(): void {
    for (const outbox of [...this.#watches.keys()]) this.#forget(outbox);
  }

  #begin(session: Session, outbox: Outbox): Watch {
    const end = session.ended$.subscribe(() => this.#forget(outbox));
    const watch: Watch = {
      session,
      waiting: new Set(),
      sinceMs: 0,
      pieces: 0,
      wasPaused: false,
      isStuck: false,
      timer: undefined,
      dueAtMs: 0,
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
    watch?.waiting.clear();
  }

  #moved(outbox: Outbox, watch: Watch): void {
    watch.sinceMs = this.#clock.now();
    watch.pieces = outbox.pieces;
  }

  #schedule(outbox: Outbox, watch: Watch, delayMs: number): Subscription {
    watch.dueAtMs = this.#clock.now() + delayMs;
    return this.#clock.schedule(() => this.#look(outbox, watch), delayMs);
  }

  #look(outbox: Outbox, watch: Watch): void {
    watch.timer = undefined;
    if (watch.waiting.size === 0) return;
    const nowMs = this.#clock.now();
    // The peer is not to blame for our own rate. It may also be taking fragments of a message, or
    // messages from a lane that stays full by bytes.
    const moves = outbox.pieces !== watch.pieces;
    // Nor is it to blame while this machine slept: it gets the full time again.
    const slept = hasSlept(nowMs - watch.dueAtMs, this.#afterMs);
    if (moves || slept || outbox.isPaused || watch.wasPaused) watch.sinceMs = nowMs;
    watch.pieces = outbox.pieces;
    watch.wasPaused = outbox.isPaused;
    const leftMs = watch.sinceMs + this.#afterMs - nowMs;
    if (leftMs > 0) watch.timer = this.#schedule(outbox, watch, leftMs);
    else if (this.#evicts) this.#actions.evict(watch.session);
    else this.#goPast(watch);
  }

  #goPast(watch: Watch): void {
    const { session, waiting } = watch;
    watch.isStuck = true;
    for (const broadcast of [...waiting]) {
      // Skipping one broadcast may cause another to be withdrawn.
      if (!waiting.delete(broadcast)) continue;
      broadcast.skip();
      this.#actions.missed(session);
    }
  }
}

function afterMsOf(policy: Exclude<SlowPeerPolicy, 'wait'>): number {
  if (policy === 'drop') return dropAfterMs;
  return 'dropAfterMs' in policy ? policy.dropAfterMs : policy.evictAfterMs;
}

/** The kind of an option that takes a `SlowPeerPolicy`. */
export const aSlowPeerPolicy: OptionKind = wordOrTime(
  ['wait', 'drop'],
  ['dropAfterMs', 'evictAfterMs'],
);
