import { type Observable, Subject } from 'rxjs';
import type { LogEntry } from './log-entry.ts';

/** The latest entries of a log. Those before them are removed many at a time, which is cheaper. */
export class EventLog {
  /** The entries from now on. */
  readonly entries$: Observable<LogEntry>;
  readonly #added = new Subject<LogEntry>();
  readonly #entries: LogEntry[] = [];
  readonly #max: number;

  /** @param max how many entries are kept */
  constructor(max: number) {
    this.#max = max;
    this.entries$ = this.#added.asObservable();
  }

  /** The latest entries: the same array each time. */
  get entries(): readonly LogEntry[] {
    this.#trim(this.#max);
    return this.#entries;
  }

  add(entry: LogEntry): void {
    this.#entries.push(entry);
    this.#trim(this.#max * 1.25);
    this.#added.next(entry);
  }

  /** Keeps the latest entries if there are more than `length`. */
  #trim(length: number): void {
    if (this.#entries.length > length) this.#entries.splice(0, this.#entries.length - this.#max);
  }
}
