import { EMPTY, type Observable, type Subject } from 'rxjs';
import { errorOf } from '../model/error.ts';
import { callbackFailed, type RouterEvent } from '../model/event.ts';

/** What goes wrong in a router itself: callbacks that throw, and errors that nobody expects. */
export class Failures {
  readonly #events: Subject<RouterEvent>;
  readonly #stop: () => void;
  /** Failures of callbacks that are held back, because subscribers may not be there yet. */
  #early: RouterEvent[] | undefined = [];
  #hasFailed = false;

  /** @param stop stops the router */
  constructor(events: Subject<RouterEvent>, stop: () => void) {
    this.#events = events;
    this.#stop = stop;
  }

  /** A callback of the options has thrown. */
  ofCallback(callback: string, thrown: unknown): void {
    const event = callbackFailed(callback, thrown);
    if (this.#early === undefined) this.#events.next(event);
    else this.#early.push(event);
  }

  /** Holds nothing back any more. */
  tell(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#events.next(event);
  }

  /** Stops the router after an unexpected error, rather than continue with a part of it missing. */
  fatal(thrown: unknown): Observable<never> {
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      const error = errorOf(thrown, 'RXMESH_FATAL', 'the router has failed, and stops');
      this.#events.next({ type: 'fatal', error });
      this.#stop();
    }
    return EMPTY;
  }

  guarded(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.fatal(thrown);
    }
  }
}
