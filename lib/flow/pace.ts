import type { Subscription } from 'rxjs';
import { timerMaxMs, type Clock } from './clock.ts';
import type { LaneOptions } from './strategy.ts';
import { TokenBucket } from './token-bucket.ts';

/**
 * The rate at which messages leave a lane. Every message passes, whatever its cost; the lane then
 * pauses until the cost is paid off. Reads the clock once per message and sets one timer per pause.
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

  /** @param resume called when a pause is over */
  constructor(options: LaneOptions, clock: Clock, resume: () => void) {
    this.#messages = bucketOf(options.messagesPerSecond, clock);
    this.#bytes = bucketOf(options.bytesPerSecond, clock);
    this.#clock = clock;
    this.#resume = resume;
  }

  /** Accounts for a message of this many bytes that has passed. */
  spend(bytes: number): void {
    this.#messages?.spend(1);
    this.#bytes?.spend(bytes);
    this.#pause();
  }

  /**
   * Ends the pause without calling `resume`, and rules out further ones: the caller may be in the
   * middle of sending a message.
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
    // A wait longer than a timer allows is split up.
    if (!this.open) this.#timer = this.#clock.schedule(this.#look, Math.min(waitMs, timerMaxMs));
  }

  readonly #look = (): void => {
    this.#pause();
    if (this.open) this.#resume();
  };
}

/** The pace of a lane, or undefined if it has no rate. */
export function paceOf(options: LaneOptions, clock: Clock, resume: () => void): Pace | undefined {
  const { messagesPerSecond, bytesPerSecond } = options;
  if (messagesPerSecond === undefined && bytesPerSecond === undefined) return undefined;
  return new Pace(options, clock, resume);
}

/** The bucket holds one second's worth, and at least one message. */
function bucketOf(perSecond: number | undefined, clock: Clock): TokenBucket | undefined {
  if (perSecond === undefined) return undefined;
  return new TokenBucket(perSecond, Math.max(1, perSecond), clock);
}
