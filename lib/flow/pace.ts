import type { Subscription } from 'rxjs';
import { timerMaxMs, type Clock } from './clock.ts';
import type { LaneOptions } from './strategy.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * The rate at which messages leave a lane. Each passes whatever it costs; then the lane pauses
 * until that is paid off. It asks the clock once a message, and sets a timer once a pause.
 */
export class Pace {
  /** Whether a message may pass now. */
  open = true;
  readonly #messages: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;
  readonly #clock: Clock;
  readonly #resume: () => void;
  #timer: Subscription | undefined;
  #stopped = false;

  /** @param resume a pause is over */
  constructor(options: LaneOptions, clock: Clock, resume: () => void) {
    this.#messages = bucketOf(options.messagesPerSecond, clock);
    this.#bytes = bucketOf(options.bytesPerSecond, clock);
    this.#clock = clock;
    this.#resume = resume;
  }

  /** A message of so many bytes has passed. */
  spend(bytes: number): void {
    this.#messages?.spend(1);
    this.#bytes?.spend(bytes);
    this.#pause();
  }

  /**
   * Ends a pause, and lets nobody know. There is none after it: who has a message just now may be
   * the one who stops it.
   */
  stop(): void {
    this.#stopped = true;
    this.#timer?.unsubscribe();
    this.open = true;
  }

  #pause(): void {
    if (this.#stopped) return;
    const waitMs = Math.max(this.#messages?.msUntil(1) ?? 0, this.#bytes?.msUntil(1) ?? 0);
    this.open = waitMs === 0;
    // A longer wait looks again on the way.
    if (!this.open) this.#timer = this.#clock.schedule(this.#look, Math.min(waitMs, timerMaxMs));
  }

  readonly #look = (): void => {
    this.#pause();
    if (this.open) this.#resume();
  };
}

/** The pace of a lane, if it has one. */
export function paceOf(options: LaneOptions, clock: Clock, resume: () => void): Pace | undefined {
  const { messagesPerSecond, bytesPerSecond } = options;
  if (messagesPerSecond === undefined && bytesPerSecond === undefined) return undefined;
  return new Pace(options, clock, resume);
}

/** It holds what passes in a second, and one message at least. */
function bucketOf(perSecond: number | undefined, clock: Clock): TokenBucket | undefined {
  if (perSecond === undefined) return undefined;
  return new TokenBucket(perSecond, Math.max(1, perSecond), clock);
}
