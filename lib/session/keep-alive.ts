import type { Subscription } from 'rxjs';
import { checkTimes, type Clock } from '../flow/clock.ts';
import { hasSlept } from '../flow/has-slept.ts';
import { mustBe } from '../model/described.ts';

/** When to ping a silent peer and when to give it up. Times are in milliseconds. */
export interface KeepAliveSettings {
  /** Time between two pings. With 0, no pings are sent and silence is never a timeout. */
  readonly intervalMs: number;
  /**
   * A peer is dead when nothing has arrived from it for this long, rounded up to whole intervals,
   * or when no pong has arrived for four times as long. Must not be less than the interval.
   */
  readonly timeoutMs: number;
}

/** How long a peer may take to answer a `probe`, in milliseconds. */
const probeMs = 5_000;

/**
 * A peer that sends other data may owe us a pong for this many timeouts: on a slow line, a pong
 * waits behind everything in flight.
 */
const unansweredTimeouts = 4;

/** Options of a `KeepAlive`. */
export interface KeepAliveOptions {
  readonly settings: KeepAliveSettings;
  readonly clock: Clock;
  /** Sends a ping as soon as the link accepts it, and calls `onPing` just before. */
  readonly ping: (onPing: () => void) => void;
  /**
   * How many bytes have arrived so far, including those of incomplete records. Default: not known.
   */
  readonly arrivedBytes?: () => number;
  /** Whether nothing is read from the peer at the moment, so that its silence says nothing. */
  readonly isHeld?: () => boolean;
  /** Whether the peer has closed: then its silence counts even while nothing is read from it. */
  readonly hasPeerClosed?: () => boolean;
  /** Called when the peer has been silent, or has answered no ping, for too long. */
  readonly onTimeout: (ms: number, missing: 'any sign' | 'pong') => void;
}

/**
 * Detects whether a session's peer is still alive. Anything that arrives is a sign of life; a ping
 * per interval makes sure that something does.
 *
 *     ticks    ----|----|----|----|           timeoutMs is two intervals
 *     sent         p    p
 *     arrives  -x----P---------------------   x is any record, P answers the ping
 *     silent       0    0    1    2 †         ends after another turn of the event loop
 *
 * A peer that sends other data but no pong is given up later. By then it has received no more than
 * the window of data in flight.
 *
 * Silence is counted in ticks rather than measured on the clock. If a handler blocks the event loop
 * for a minute, whatever arrived in the meantime is still unread in the sockets, and all that
 * happens is that one tick is late.
 *
 * A tick that is late by more than an interval and by more than 5 s means that this machine was
 * asleep. It does not count as silence, however late it is. Instead, the peer is asked for a sign
 * of life, and only what arrives from then on counts. A connection that died in the meantime thus
 * ends within 5 s, or within an interval if that is shorter.
 */
export class KeepAlive {
  /** The last measured round trip, in milliseconds; undefined before the first. */
  roundTripMs: number | undefined;

  readonly #options: KeepAliveOptions;
  readonly #silentTicksMax: number;
  /** Signs of life so far. The first is that the peer has come up. */
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
  /** When the unanswered pings were sent. */
  readonly #pingedAtMs: number[] = [];
  #stopped = false;

  constructor(options: KeepAliveOptions) {
    const { intervalMs, timeoutMs } = options.settings;
    this.#options = options;
    this.#silentTicksMax = Math.ceil(timeoutMs / intervalMs);
  }

  /** Starts pinging. */
  start(): void {
    if (this.#options.settings.intervalMs > 0) this.#await();
  }

  /** Notes that a record has arrived. */
  onRecord(): void {
    this.#signs += 1;
  }

  /** Notes that a pong has arrived, whatever it answers. */
  onAnyPong(): void {
    this.#pongs += 1;
  }

  /** Notes the pong to one of our pings. If none is unanswered, it is ignored. */
  pong(): void {
    const pingedAtMs = this.#pingedAtMs.shift();
    if (pingedAtMs === undefined) return;
    this.roundTripMs = this.#options.clock.now() - pingedAtMs;
    this.#isAsking = this.#pingedAtMs.length > 0;
  }

  /**
   * Asks for a sign of life now, due within 5 s. For a peer that may have disappeared unnoticed.
   */
  probe(): void {
    this.#probeWithin(probeMs);
  }

  /** Stops all timers. */
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
    const isSilent = life === this.#lifeAtTick && !this.#mayBeSilent();
    this.#lifeAtTick = life;
    this.#silentTicks = isSilent ? this.#silentTicks + 1 : 0;
    const isUnanswered = this.#isAsking && this.#pongs === this.#pongsAtTick && !this.#isHeld();
    this.#pongsAtTick = this.#pongs;
    this.#unansweredTicks = isUnanswered ? this.#unansweredTicks + 1 : 0;
    if (slept) {
      this.#silentTicks = 0;
      // The time asleep is not part of a round trip.
      this.#pingedAtMs.fill(nowMs);
    }
    if (this.#wasSilent() || this.#wasUnanswered()) {
      // The loop may have been blocked until now, with a sign of life still unread.
      this.#timer = clock.schedule(this.#judge, 0);
      return;
    }
    // Before the ping, which may end the link and, with it, this timer.
    this.#await();
    if (slept) this.#probeAfterRead();
    else this.#ask();
  };

  /** Decides after the sockets have been read once more since the tick that found silence. */
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

  /**
   * Grows with whatever arrives, also within a record: on a slow line, one may take longer than a
   * timeout.
   */
  #life(): number {
    return this.#signs + (this.#options.arrivedBytes?.() ?? 0);
  }

  #isHeld(): boolean {
    return this.#options.isHeld?.() === true;
  }

  #mayBeSilent(): boolean {
    return this.#isHeld() && this.#options.hasPeerClosed?.() !== true;
  }

  /** Whether enough ticks in a row have found silence. */
  #wasSilent(): boolean {
    return this.#silentTicks >= this.#silentTicksMax;
  }

  /** Whether enough ticks in a row have found a ping unanswered. */
  #wasUnanswered(): boolean {
    return this.#unansweredTicks >= this.#silentTicksMax * unansweredTimeouts;
  }

  /**
   * Waits until what arrived before the machine fell asleep has been read, since it says nothing
   * about the peer now.
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

  /** Whether the peer has been asked and has sent nothing since. */
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
    if (!this.#probeIsOver() && !this.#mayBeSilent()) this.#options.onTimeout(ms, 'any sign');
  }

  /**
   * Asks even if an earlier ping is unanswered: its pong may be on a slow line, and our ping is a
   * sign of life to the peer.
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
 * Fills in defaults: a ping every 10 s; a timeout of 30 s, or of the interval if that is longer.
 *
 * @throws {RangeError} if a time is negative or not a number, or the timeout is below the interval
 */
export function keepAliveFrom(given: Partial<KeepAliveSettings> = {}): KeepAliveSettings {
  const { intervalMs = 10_000 } = given;
  const { timeoutMs = Math.max(30_000, intervalMs) } = given;
  checkTimes('keepAlive', { intervalMs });
  if (!(timeoutMs >= intervalMs)) {
    const range = `at least intervalMs (${intervalMs})`;
    throw new RangeError(`keepAlive: ${mustBe('timeoutMs', range, timeoutMs)}`);
  }
  return { intervalMs, timeoutMs };
}

/** The settings of a session whose node does not specify any. */
export const keepAliveDefaults: KeepAliveSettings = keepAliveFrom();
