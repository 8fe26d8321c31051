import type { Subscription } from 'rxjs';
import { timerMaxMs, type Clock } from '../flow/clock.ts';
import { hasSlept } from '../flow/has-slept.ts';

/**
 * When a silent peer is asked for a sign of life, and when it is given up. Times are milliseconds.
 */
export interface KeepAliveSettings {
  /** Time between two pings; 0: none are sent, and silence ends nothing. */
  readonly intervalMs: number;
  /**
   * A peer from which nothing has arrived for so long, rounded up to whole intervals, is dead; so
   * is one from which no pong has arrived for four times as long. Not less than the interval.
   */
  readonly timeoutMs: number;
}

/** How long a peer that is asked for a sign of life by `probe` may take, in milliseconds. */
const probeMs = 5_000;

/**
 * A peer that sends other things may owe us a pong for so many timeouts: on a slow line a pong
 * stands behind all that is under way.
 */
const unansweredTimeouts = 4;

/** What a `KeepAlive` works with. */
export interface KeepAliveOptions {
  readonly settings: KeepAliveSettings;
  readonly clock: Clock;
  /** Sends a ping as soon as the link takes it, and calls `onPing` just before. */
  readonly ping: (onPing: () => void) => void;
  /** How many bytes have arrived so far, those of half a record as well. Default: nobody knows. */
  readonly arrivedBytes?: () => number;
  /** The peer has been silent for too long, or has answered no ping for so long. */
  readonly onTimeout: (ms: number, lacks: 'any sign' | 'pong') => void;
}

/**
 * Finds out whether a session's peer is still there. Whatever arrives is a sign of life; a ping at
 * each interval sees to it that something does.
 *
 *     ticks    ----|----|----|----|           timeoutMs is two intervals
 *     sent         p    p
 *     arrives  -x----P---------------------   x is any record, P answers the ping
 *     silent       0    0    1    2 †         ends when the event loop has turned once more
 *
 * A peer that sends other things, but no pong, is given up later: it gets no more than what may be
 * under way.
 *
 * Silence is counted in ticks, not read off the clock: after a handler that has blocked the event
 * loop for a minute, what arrived meanwhile still waits unread in the sockets, and one tick is
 * late, no more.
 *
 * A tick that is late by more than an interval, and by more than 5 s, tells that this machine has
 * slept. It counts as no silence, however long it was. The peer is asked for a sign of life
 * instead, and what arrives from then on counts: a connection that died meanwhile ends within 5 s,
 * or an interval if that is shorter.
 */
export class KeepAlive {
  /** The last round trip that was measured, in milliseconds; `undefined` before. */
  roundTripMs: number | undefined;

  readonly #options: KeepAliveOptions;
  readonly #silentTicksMax: number;
  /** Signs of life so far. That the peer has come up is the first one. */
  #signs = 1;
  #lifeAtTick = 0;
  #silentTicks = 0;
  #pongs = 0;
  #pongsAtTick = 0;
  #unansweredTicks = 0;
  #timer: Subscription | undefined;
  /** When the next tick is due. */
  #dueAtMs = 0;
  #lifeAtProbe = 0;
  #probe: Subscription | undefined;
  #isAsking = false;
  /** When the pings that are not answered yet were sent. */
  readonly #pingedAtMs: number[] = [];
  #stopped = false;

  constructor(options: KeepAliveOptions) {
    const { intervalMs, timeoutMs } = options.settings;
    this.#options = options;
    this.#silentTicksMax = Math.ceil(timeoutMs / intervalMs);
  }

  /** Begins to ping. */
  start(): void {
    if (this.#options.settings.intervalMs > 0) this.#await();
  }

  /** A record has arrived. */
  heard(): void {
    this.#signs += 1;
  }

  /** A pong has arrived, whoever has asked for it. */
  heardPong(): void {
    this.#pongs += 1;
  }

  /** A pong to a ping of this has arrived. One that answers no ping means nothing. */
  pong(): void {
    const pingedAtMs = this.#pingedAtMs.shift();
    if (pingedAtMs === undefined) return;
    this.roundTripMs = this.#options.clock.now() - pingedAtMs;
    this.#isAsking = this.#pingedAtMs.length > 0;
  }

  /**
   * Asks for a sign of life now: one has to come within 5 s. For a peer that may have gone
   * unnoticed.
   */
  probe(): void {
    this.#probeWithin(probeMs);
  }

  /** Ends it; nothing is left running. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.unsubscribe();
    this.#probe?.unsubscribe();
  }

  #await(): void {
    const { clock, settings } = this.#options;
    this.#dueAtMs = clock.now() + settings.intervalMs;
    this.#timer = clock.schedule(this.#tick, settings.intervalMs);
  }

  readonly #tick = (): void => {
    const { clock, settings } = this.#options;
    const nowMs = clock.now();
    const slept = hasSlept(nowMs - this.#dueAtMs, settings.intervalMs);
    const life = this.#life();
    const isSilent = life === this.#lifeAtTick;
    this.#lifeAtTick = life;
    this.#silentTicks = isSilent ? this.#silentTicks + 1 : 0;
    const isUnanswered = this.#isAsking && this.#pongs === this.#pongsAtTick;
    this.#pongsAtTick = this.#pongs;
    this.#unansweredTicks = isUnanswered ? this.#unansweredTicks + 1 : 0;
    if (slept) {
      this.#silentTicks = 0;
      // That time is no part of a round trip.
      this.#pingedAtMs.fill(nowMs);
    }
    if (this.#wasSilent() || this.#wasUnanswered()) {
      // The loop may have been blocked until now, and the sign of life be there, unread.
      this.#timer = clock.schedule(this.#judge, 0);
      return;
    }
    // In front of the ping, which may be the end of the link and of this timer.
    this.#await();
    if (slept) this.#probeAfterRead();
    else this.#ask();
  };

  /** The sockets have been read since the tick that found silence. */
  readonly #judge = (): void => {
    const { settings, onTimeout } = this.#options;
    if (this.#wasSilent() && this.#life() === this.#lifeAtTick) {
      onTimeout(settings.timeoutMs, 'any sign');
    } else if (this.#wasUnanswered() && this.#pongs === this.#pongsAtTick) {
      onTimeout(settings.timeoutMs * unansweredTimeouts, 'pong');
    } else {
      this.#await();
    }
  };

  /** It grows with whatever arrives. A slow line may take longer than a timeout for one record. */
  #life(): number {
    return this.#signs + (this.#options.arrivedBytes?.() ?? 0);
  }

  /** Whether the last ticks have all found silence. */
  #wasSilent(): boolean {
    return this.#silentTicks >= this.#silentTicksMax;
  }

  /** Whether they have all found a ping without answer. */
  #wasUnanswered(): boolean {
    return this.#unansweredTicks >= this.#silentTicksMax * unansweredTimeouts;
  }

  /**
   * What had arrived before the machine fell asleep is read first: it says nothing of the peer as
   * it is now.
   */
  #probeAfterRead(): void {
    if (this.#isProbing()) return;
    const { clock, settings } = this.#options;
    this.#probe?.unsubscribe();
    this.#probe = clock.schedule(() => {
      this.#probe = undefined;
      this.#probeWithin(Math.min(probeMs, settings.intervalMs));
    }, 0);
  }

  /** Whether the peer has been asked, and has said nothing since. */
  #isProbing(): boolean {
    return this.#probe !== undefined && this.#life() === this.#lifeAtProbe;
  }

  #probeWithin(ms: number): void {
    if (this.#stopped || this.#isProbing()) return;
    this.#probe?.unsubscribe();
    this.#probe = undefined;
    this.#lifeAtProbe = this.#life();
    this.#ask();
    if (this.#probeIsOver()) return;
    const { clock } = this.#options;
    this.#probe = clock.schedule(() => {
      this.#probe = clock.schedule(() => this.#endProbe(ms), 0);
    }, ms);
  }

  #probeIsOver(): boolean {
    return this.#stopped || this.#life() !== this.#lifeAtProbe;
  }

  #endProbe(ms: number): void {
    this.#probe = undefined;
    if (!this.#probeIsOver()) this.#options.onTimeout(ms, 'any sign');
  }

  /**
   * Also while a ping is not answered: it is a sign of life for the peer, whose pong may be on a
   * slow line.
   */
  #ask(): void {
    this.#isAsking = true;
    this.#options.ping(this.#onPing);
  }

  readonly #onPing = (): void => {
    this.#pingedAtMs.push(this.#options.clock.now());
  };
}

/**
 * The settings with their defaults: a ping every 10 s; a timeout of 30 s, or of the interval if
 * that is longer.
 *
 * @throws {RangeError} for times that are no numbers of 0 or more, and a timeout below the interval
 */
export function keepAliveFrom(given: Partial<KeepAliveSettings> = {}): KeepAliveSettings {
  const { intervalMs = 10_000 } = given;
  const { timeoutMs = Math.max(30_000, intervalMs) } = given;
  if (!(intervalMs >= 0 && intervalMs <= timerMaxMs && timeoutMs >= intervalMs)) {
    const text = `intervalMs is 0 or more and timeoutMs not less, given ${intervalMs} and ${timeoutMs}`;
    throw new RangeError(`keepAlive: ${text}`);
  }
  return { intervalMs, timeoutMs };
}

/** What a session does when its node says nothing of it. */
export const keepAliveDefaults: KeepAliveSettings = keepAliveFrom();
