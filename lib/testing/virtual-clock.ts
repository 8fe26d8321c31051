import { type Subscription, VirtualTimeScheduler } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { mustBe } from '../model/described.ts';
import { Timer, Timers } from './timers.ts';

/**
 * A clock of virtual time: nothing happens until a test lets time pass, and then everything that is
 * due runs immediately, in order. It knows what is still scheduled, so a test can detect leftovers.
 *
 * It keeps its own timers and schedules only an alarm for the first of them: an RxJS virtual
 * scheduler sorts all its actions whenever one is added. An alarm goes on to the next timer by
 * itself, unless the scheduler has something else to do before.
 */
export class VirtualClock implements Clock {
  /** The scheduler that runs the work. One millisecond is one frame. */
  readonly scheduler: VirtualTimeScheduler;
  #timers = new Timers();
  #order = 0;
  /** Set for the first timer. */
  #alarm: Subscription | undefined;
  #alarmAtMs = Infinity;
  /** Timers are running: the next alarm is set when they are done. */
  #ringing = false;

  /** @param scheduler for example a `TestScheduler`, whose marbles then share this time */
  constructor(scheduler: VirtualTimeScheduler = new VirtualTimeScheduler()) {
    this.scheduler = scheduler;
  }

  now(): number {
    return this.scheduler.now();
  }

  date(): number {
    return this.now();
  }

  schedule(work: () => void, delayMs: number): Subscription {
    // Not `this.now()`: a subclass may set its clock, and its timers must still wait as long.
    const dueAtMs = this.scheduler.now() + delayMs;
    const timer = new Timer(work, dueAtMs, this.#order, this.#cancelled);
    this.#order += 1;
    this.#timers.add(timer);
    if (!this.#ringing) this.#setAlarm();
    return timer;
  }

  afterTurn(work: () => void): Subscription {
    return this.schedule(work, 0);
  }

  /** When the scheduled work is due, in milliseconds, in the order in which it was scheduled. */
  get dueTimesMs(): readonly number[] {
    const inOrder = this.#timers.values().toSorted((one, other) => one.order - other.order);
    return inOrder.map(({ dueAtMs }) => dueAtMs);
  }

  /**
   * Lets `ms` milliseconds pass, and runs everything that is due by then. If the work throws, so
   * does this, and everything else that was scheduled is lost. If what throws is an action of the
   * scheduler, such as a diagram that differs, the other actions are lost, and what was scheduled
   * with the clock goes on.
   *
   * @throws {RangeError} if `ms` is not a finite number of 0 or more
   */
  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new RangeError(`advance: ${mustBe('ms', 'a finite number of at least 0', ms)}`);
    }
    const { scheduler } = this;
    const { maxFrames } = scheduler;
    const untilMs = scheduler.frame + ms;
    scheduler.maxFrames = untilMs;
    // A timer may let time pass, too, and no alarm is set while timers run.
    this.#setAlarm();
    try {
      // A TestScheduler's own flush would also check the expectations, which is too early here.
      VirtualTimeScheduler.prototype.flush.call(scheduler);
    } finally {
      scheduler.maxFrames = maxFrames;
    }
    scheduler.frame = untilMs;
  }

  /**
   * Lets time pass until `condition` holds, for at most `limitMs`. The condition is checked
   * whenever everything due at one instant has run. Returns whether it holds.
   */
  advanceUntil(condition: () => boolean, limitMs: number): boolean {
    const endMs = this.scheduler.now() + limitMs;
    this.#setAlarm();
    while (!condition()) {
      const next = this.scheduler.actions[0];
      if (next === undefined || next.delay > endMs) return false;
      this.advance(Math.max(0, next.delay - this.scheduler.now()));
    }
    return true;
  }

  /**
   * Sees to it that the timers run even if somebody else lets time pass in the scheduler, after an
   * action of it has thrown.
   * @internal
   */
  wake(): void {
    if (!this.#ringing) this.#setAlarm();
  }

  /** Runs the timers, from the first to those that are due after something else. */
  #ring(): void {
    this.#alarmAtMs = Infinity;
    this.#ringing = true;
    try {
      do this.#runDue();
      while (this.#isNext());
    } catch (thrown) {
      // The scheduler discards its actions as well.
      this.#timers = new Timers();
      throw thrown;
    } finally {
      this.#ringing = false;
    }
    this.#setAlarm();
  }

  /** Runs what is due now. What that schedules for now runs after what others scheduled for now. */
  #runDue(): void {
    const nowMs = this.scheduler.now();
    const end = this.#order;
    for (;;) {
      const { first } = this.#timers;
      if (first === undefined || first.dueAtMs > nowMs || first.order >= end) break;
      this.#timers.takeFirst();
      first.run();
    }
  }

  /** Moves on to the time of the first timer, if the scheduler has nothing to do until then. */
  #isNext(): boolean {
    const { scheduler } = this;
    const { first } = this.#timers;
    if (first === undefined || first.dueAtMs > scheduler.maxFrames) return false;
    const [other] = scheduler.actions;
    if (other !== undefined && other.delay <= first.dueAtMs) return false;
    scheduler.frame = first.dueAtMs;
    return true;
  }

  #setAlarm(): void {
    const first = this.#timers.first;
    // A scheduler discards all its actions when one of them throws.
    if (this.#alarm?.closed === true) this.#alarmAtMs = Infinity;
    if (first === undefined || first.dueAtMs >= this.#alarmAtMs) return;
    this.#alarm?.unsubscribe();
    this.#alarmAtMs = first.dueAtMs;
    this.#alarm = this.scheduler.schedule(() => this.#ring(), first.dueAtMs - this.scheduler.now());
  }

  /** Created once, for all timers. */
  readonly #cancelled = (): void => {
    this.#timers.cancelled();
    if (this.#timers.size > 0) return;
    this.#alarm?.unsubscribe();
    this.#alarmAtMs = Infinity;
  };
}
