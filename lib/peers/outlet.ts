import { Observable, type Subscriber } from 'rxjs';

/** An Observable with at most one subscriber, for values that must be handed out once. */
export class Outlet<T> {
  /** A second subscriber at the same time gets a `TypeError`. */
  readonly values$: Observable<T>;
  #subscriber: Subscriber<T> | undefined;
  #isComplete = false;

  /**
   * @param name what messages call it
   * @param changed called when a subscriber has come or gone
   */
  constructor(name: string, changed: () => void) {
    this.values$ = new Observable((subscriber) => {
      if (this.#isComplete) {
        subscriber.complete();
        return undefined;
      }
      if (this.isOpen) {
        subscriber.error(new TypeError(`${name} has a subscriber already`));
        return undefined;
      }
      this.#subscriber = subscriber;
      changed();
      return () => {
        if (this.#subscriber !== subscriber) return;
        this.#subscriber = undefined;
        changed();
      };
    });
  }

  /** Whether somebody would get a value now. */
  get isOpen(): boolean {
    // A subscriber that takes one value is closed before its teardown is known here.
    return this.#subscriber !== undefined && !this.#subscriber.closed;
  }

  next(value: T): void {
    this.#subscriber?.next(value);
  }

  complete(): void {
    this.#isComplete = true;
    this.#subscriber?.complete();
  }
}
