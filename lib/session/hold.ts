import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Link } from '../transport/link.ts';

/** On a wire without credit: the pause of a link while one of its lanes is full. */
export class Hold {
  readonly #link: Link;
  readonly #clock: Clock;
  #isHeld = false;
  #resume: Subscription | undefined;

  constructor(link: Link, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Notes that the link pauses. */
  begin(): void {
    this.#isHeld = true;
  }

  /** Resumes the link after this turn: a consumer may be in the middle of taking a message. */
  end(): void {
    this.#resume ??= this.#clock.afterTurn(() => {
      this.#resume = undefined;
      this.#isHeld = false;
      this.#link.pause(false);
    });
  }

  /** Call when the link has ended. */
  stop(): void {
    this.#resume?.unsubscribe();
  }
}
