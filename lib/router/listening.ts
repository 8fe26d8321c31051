import { AsyncSubject, defer, EMPTY, Observable, retry, tap } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { type RxmeshError, toRxmeshError } from '../model/error.ts';
import type { Connection, Transport } from '../transport/transport.ts';

/**
 * The first wait before a transport that has stopped listening is asked to listen again. It doubles
 * each time.
 */
const relistenMinMs = 1_000;
/** The longest wait. A transport that has listened for this long starts with the shortest again. */
const relistenMaxMs = 60_000;

/** Options of `Listening`. */
export interface ListeningOptions {
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  /** Called when a transport could not listen, or has stopped listening because of an error. */
  readonly onFailure: (error: RxmeshError, transport: Transport) => void;
}

/** Starts transports listening, and restarts those that stop with an error. */
export class Listening {
  /**
   * Completes when every transport is listening or has nothing to listen on; errors if one cannot
   * listen.
   */
  readonly all$: Observable<never>;
  readonly #all = new AsyncSubject<never>();
  readonly #pending: Set<Transport>;
  readonly #options: ListeningOptions;

  constructor(options: ListeningOptions) {
    const { transports } = options;
    this.#options = options;
    this.all$ = this.#all.asObservable();
    this.#pending = new Set(transports);
    if (transports.length === 0) this.#all.complete();
  }

  /**
   * The incoming connections of a transport. After an error, which is reported, it is asked to
   * listen again once a wait is over. If it has never listened, `all$` errors instead. If it
   * completes, it is not asked again.
   */
  watch(transport: Transport): Observable<Connection> {
    return new Observable((subscriber) => {
      // Before `endpoints$`, which may already have endpoints if the transport is also used
      // elsewhere.
      subscriber.add(this.#connections(transport).subscribe(subscriber));
      if (subscriber.closed) return;
      const endpoints = transport.endpoints$.subscribe({
        next: ({ length }) => {
          if (length > 0) this.#listens(transport);
        },
        error: (thrown: unknown) => this.#failed(thrown, transport),
      });
      subscriber.add(endpoints);
    });
  }

  #connections(transport: Transport): Observable<Connection> {
    const { clock } = this.#options;
    let sinceMs = 0;
    let waitMs = relistenMinMs;
    return defer(() => {
      sinceMs = clock.now();
      return transport.incoming$;
    }).pipe(
      tap({ complete: () => this.#listens(transport) }),
      retry({
        delay: (thrown) => {
          // Final: without this transport the router does not start.
          if (!this.#failed(thrown, transport)) return EMPTY;
          if (clock.now() - sinceMs >= relistenMaxMs) waitMs = relistenMinMs;
          const delayMs = waitMs;
          waitMs = Math.min(2 * waitMs, relistenMaxMs);
          return new Observable<void>((again) => clock.schedule(() => again.next(), delayMs));
        },
      }),
    );
  }

  /** Reports the error. Returns false if the transport has never listened. */
  #failed(thrown: unknown, transport: Transport): boolean {
    const error = toRxmeshError(thrown, 'RXMESH_LISTEN_FAILED', String(transport));
    const hasListened = !this.#pending.has(transport);
    this.#options.onFailure(error, transport);
    if (!hasListened) this.#all.error(error);
    return hasListened;
  }

  #listens(transport: Transport): void {
    this.#pending.delete(transport);
    if (this.#pending.size === 0) this.#all.complete();
  }
}
