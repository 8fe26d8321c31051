import type { Observer, Subscription } from 'rxjs';
import { aClock, type Clock, systemClock } from '../flow/clock.ts';
import { checkMethod } from '../model/check-function.ts';
import { aNumber, aString, checkOptions } from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import type { RxmeshError } from '../model/error.ts';
import type { RouterEvent } from '../model/event.ts';
import { type EventLine, eventLine, type LogLevel } from './event-line.ts';
import { Repeats } from './repeats.ts';

/** What `logTo` writes to: `console`, or a logger with these levels, such as pino. */
export type Logger = { readonly [Level in LogLevel]: (text: string) => void };

/** Options of `logTo`. */
export interface LogOptions {
  /** The most lines per second; further events are only counted. An integer from 1; default 20. */
  readonly linesPerSecond?: number;
  /** The beginning of every line, to tell several routers apart: `'ann: '`. Default: nothing. */
  readonly prefix?: string;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

/**
 * Writes a router's events as readable lines, each at a suitable log level: peers as `info`, drops
 * and refusals as `warn`, failures of your own code as `error`.
 *
 *     router.events$.subscribe(logTo(console));
 *     // 3 messages dropped, lane-full (outbound, channel 16, peer 045f5600)
 *
 * What repeats is added up: after the first drop of a kind (same direction, channel, peer and
 * reason), those of the next 10 s become one line at the end of them, and so do reports of a peer
 * for the same fault:
 *
 *     // since then: 3400 messages dropped, lane-full (outbound, channel 16, peer 045f5600)
 *
 * No other flood of events floods the log either: after `linesPerSecond` lines in one second, the
 * remaining events of that second become one line that counts them by type. A `fatal` event is
 * always written.
 *
 * @throws {TypeError} if the logger lacks one of the four levels, or an option is wrong
 * @throws {RangeError} if `linesPerSecond` is not an integer of at least 1
 */
export function logTo(logger: Logger, options: LogOptions = {}): Observer<RouterEvent> {
  for (const level of ['debug', 'info', 'warn', 'error'])
    checkMethod('logTo: logger', logger, level);
  checkOptions('logTo', options, { linesPerSecond: aNumber, prefix: aString, clock: aClock });
  const { linesPerSecond = 20, prefix = '', clock = systemClock } = options;
  if (!Number.isInteger(linesPerSecond) || linesPerSecond < 1) {
    const fault = mustBe('linesPerSecond', 'an integer of at least 1', linesPerSecond);
    throw new RangeError(`logTo: ${fault}`);
  }
  return new LogWriter(logger, { linesPerSecond, prefix, clock });
}

class LogWriter implements Observer<RouterEvent> {
  readonly #logger: Logger;
  readonly #linesPerSecond: number;
  readonly #prefix: string;
  readonly #clock: Clock;
  #secondEndsMs = -Infinity;
  #lines = 0;
  readonly #omitted = new Map<string, number>();
  #timer: Subscription | undefined;
  readonly #repeats: Repeats;
  /** Of the last drop. A report of the peer for it would only say the same again. */
  #dropError: RxmeshError | undefined;

  constructor(logger: Logger, { linesPerSecond, prefix, clock }: Required<LogOptions>) {
    this.#logger = logger;
    this.#linesPerSecond = linesPerSecond;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#repeats = new Repeats(clock, (line) => this.#write(line));
  }

  // Arrow functions, because the functions of an observer may be called detached from it.
  readonly next = (event: RouterEvent): void => {
    if (this.#isTold(event) || this.#repeats.take(event)) return;
    const nowMs = this.#clock.now();
    if (nowMs >= this.#secondEndsMs) {
      this.#secondEndsMs = nowMs + 1_000;
      this.#lines = 0;
    }
    if (this.#lines < this.#linesPerSecond || event.type === 'fatal') {
      this.#lines += 1;
      this.#write(eventLine(event));
      return;
    }
    this.#omitted.set(event.type, (this.#omitted.get(event.type) ?? 0) + 1);
    const waitMs = this.#secondEndsMs - nowMs;
    this.#timer ??= this.#clock.schedule(() => this.#summarize(), waitMs);
  };

  readonly error = (thrown: unknown): void => {
    this.complete();
    this.#write({ level: 'error', text: String(thrown) });
  };

  readonly complete = (): void => {
    this.#repeats.flush();
    this.#summarize();
  };

  #isTold(event: RouterEvent): boolean {
    if (event.type === 'message-dropped') this.#dropError = event.error;
    if (event.type !== 'peer-reported' || event.severity !== 'note') return false;
    return event.error === this.#dropError;
  }

  #write({ level, text }: EventLine): void {
    this.#logger[level](`${this.#prefix}${text}`);
  }

  #summarize(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    if (this.#omitted.size === 0) return;
    const counts = [...this.#omitted].map(([type, count]) => `${count} ${type}`);
    this.#omitted.clear();
    const text = `more events, not written one by one: ${counts.join(', ')}`;
    this.#write({ level: 'warn', text });
  }
}
