import { from, type ObservableInput, Subscription, take } from 'rxjs';
import type { Clock } from '../index.ts';

/**
 * What to do with a message.
 *
 * - `accept`: `in$` emits it, and it is relayed
 * - `ignore`: neither
 * - `reject`: neither, and the neighbour that brought it is reported
 */
export type GossipVerdict = 'accept' | 'ignore' | 'reject';

/** What a verdict function may return. */
export type GossipVerdictResult = GossipVerdict | ObservableInput<GossipVerdict>;

/** Runs verdicts: a bounded number at a time, and each for a bounded time. */
export class Verdicts<T> {
  readonly #judge: (incoming: T) => GossipVerdictResult;
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #running = new Subscription();
  #pending = 0;

  constructor(
    judge: (incoming: T) => GossipVerdictResult,
    { max, timeoutMs }: { readonly max: number; readonly timeoutMs: number },
    clock: Clock,
  ) {
    this.#judge = judge;
    this.#max = max;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  get pending(): number {
    return this.#pending;
  }

  /** How many more may be pending. */
  get room(): number {
    return this.#max - this.#pending;
  }

  get isFull(): boolean {
    return this.room <= 0;
  }

  /**
   * Calls `settle` once: with the verdict, or with `ignore` and what went wrong.
   */
  judge(incoming: T, settle: (verdict: GossipVerdict, error?: unknown) => void): void {
    let result: GossipVerdictResult;
    try {
      result = this.#judge(incoming);
    } catch (thrown) {
      settle('ignore', thrown);
      return;
    }
    if (isVerdict(result)) settle(result);
    else this.#wait(result, settle);
  }

  close(): void {
    this.#running.unsubscribe();
  }

  #wait(
    result: ObservableInput<GossipVerdict>,
    settle: (verdict: GossipVerdict, error?: unknown) => void,
  ): void {
    const waiting = new Subscription();
    this.#pending += 1;
    this.#running.add(waiting);
    const end = (verdict: GossipVerdict, error?: unknown): void => {
      if (waiting.closed) return;
      waiting.unsubscribe();
      this.#running.remove(waiting);
      this.#pending -= 1;
      settle(verdict, error);
    };
    const late = (): void => end('ignore', new Error(`no verdict in ${this.#timeoutMs} ms`));
    waiting.add(this.#clock.schedule(late, this.#timeoutMs));
    try {
      const answer = from(result)
        .pipe(take(1))
        .subscribe({
          next: (verdict: unknown) => {
            if (isVerdict(verdict)) end(verdict);
            else end('ignore', notAVerdict(verdict));
          },
          error: (error: unknown) => end('ignore', error),
          complete: () => end('ignore', new Error('it completes without a verdict')),
        });
      waiting.add(answer);
    } catch {
      // Neither a promise nor an Observable.
      end('ignore', notAVerdict(result));
    }
  }
}

function isVerdict(value: unknown): value is GossipVerdict {
  return value === 'accept' || value === 'ignore' || value === 'reject';
}

function notAVerdict(value: unknown): TypeError {
  const given = typeof value === 'string' ? `'${value}'` : typeof value;
  return new TypeError(`a verdict must be 'accept', 'ignore' or 'reject', got ${given}`);
}
