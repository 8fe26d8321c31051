import type { Subscription } from 'rxjs';
import { timerMaxMs, type Clock } from '../flow/clock.ts';
import { hasSlept } from '../flow/has-slept.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { SlowPeerPolicy } from './channel.ts';

/**
 * With `slowPeer: 'drop'`, a lane that has taken nothing for this long is stuck: longer than round
 * trips are.
 */
const dropAfterMs = 1_000;

/** A broadcast that waits for one lane. */
export interface WaitingBroadcast {
  /** Waits no longer: its recipient misses the message. */
  skip(): void;
}

/**
 * What becomes of a peer whose lane has taken nothing for too long while broadcasts waited for it.
 */
export interface SlowPeerActions {
  /** It misses this message. */
  readonly missed: (session: Session) => void;
  /** It has to go. */
  readonly evict: (session: Session) => void;
}

/** A peer's lane for which broadcasts wait, or have waited. */
interface Watch {
  readonly session: Session;
  readonly waiting: Set<WaitingBroadcast>;
  /**
   * When the first of them began to wait, or the lane took a message, or gave a piece of one, after
   * that.
   */
  sinceMs: number;
  /** Pieces that had been written when it was looked at last. */
  pieces: number;
  /** Whether the lane's own rate held it back when it was looked at last. */
  wasPaused: boolean;
  /** Broadcasts go past it until something is written from it. */
  isStuck: boolean;
  timer: Subscription | undefined;
  /** When the timer should go off. */
  dueAtMs: number;
  readonly end: Subscription;
}

/**
 * Lets broadcasts wait for a lane as long as that moves, since every lane is full at the end of a
 * turn in which much was sent. A lane that takes nothing for too long is slow: broadcasts go past
 * it until it moves again, or its peer is evicted. It has one timer for a lane, which outlasts a
 * broadcast: a peer that takes one message at a time costs no timer a message.
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

  /** A broadcast begins to wait. */
  waits(session: Session, outbox: Outbox, broadcast: WaitingBroadcast): void {
    const watch = this.#watches.get(outbox) ?? this.#begin(session, outbox);
    if (watch.waiting.size === 0) this.#moved(outbox, watch);
    watch.waiting.add(broadcast);
    watch.timer ??= this.#schedule(outbox, watch, this.#afterMs);
  }

  /** The lane has taken a message that waited, of a broadcast or not. */
  took(outbox: Outbox): void {
    const watch = this.#watches.get(outbox);
    if (watch !== undefined && watch.waiting.size > 0) this.#moved(outbox, watch);
  }

  /** A broadcast waits no longer. */
  left(outbox: Outbox, broadcast: WaitingBroadcast): void {
    this.#watches.get(outbox)?.waiting.delete(broadcast);
  }

  /** The channel is closed: does nothing more. */
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
    // The peer is not to blame for a rate of our own. It may take pieces of a message, or messages
    // of a lane that is still full by its bytes.
    const moves = outbox.pieces !== watch.pieces;
    // Nor for what this machine slept through: it gets all of its time again.
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
      // Whoever hears of one may have taken another one back.
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

/** Whether a value from outside is a `SlowPeerPolicy`. */
export function isSlowPeerPolicy(value: unknown): boolean {
  if (value === 'wait' || value === 'drop') return true;
  if (typeof value !== 'object' || value === null) return false;
  const [[name, ms] = [], ...more] = Object.entries(value) as [string, unknown][];
  if (more.length > 0 || (name !== 'dropAfterMs' && name !== 'evictAfterMs')) return false;
  return typeof ms === 'number' && Number.isInteger(ms) && ms >= 1 && ms <= timerMaxMs;
}
