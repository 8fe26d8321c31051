import { AsyncSubject, defer, EMPTY, Observable, retry, tap } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { type RxmeshError, toRxmeshError } from '../model/error.ts';
import type { Connection, Transport } from '../transport/transport.ts';

/** The wait before a transport that has stopped listening is asked to listen again; it doubles. */
const relistenMinMs = 1_000;
/** No wait is longer. One that has listened for as long begins with the shortest again. */
const relistenMaxMs = 60_000;

/** What a `Listening` works with. */
export interface ListeningOptions {
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  /** Hears why a transport could not listen, or no longer. */
  readonly onFailure: (error: RxmeshError, transport: Transport) => void;
}

/**
 * Watches transports as they begin to listen, and has those that stop with an error begin again.
 */
export class Listening {
  /** Completes when every transport listens or has nothing to listen to; errors when one cannot. */
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
   * A transport's connections. An error is told, and after a wait it is asked for connections
   * again; one that has never listened is not, but errors `all$`. Its completion is the end.
   */
  watch(transport: Transport): Observable<Connection> {
    return new Observable((subscriber) => {
      // Before `endpoints$`, which may tell of somebody else who listens with this transport
      // already.
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
          // For good, and so is the router: it has not started.
          if (!this.#failed(thrown, transport)) return EMPTY;
          if (clock.now() - sinceMs >= relistenMaxMs) waitMs = relistenMinMs;
          const delayMs = waitMs;
          waitMs = Math.min(2 * waitMs, relistenMaxMs);
          return new Observable<void>((again) => clock.schedule(() => again.next(), delayMs));
        },
      }),
    );
  }

  /** Tells why; false when the transport has never listened. */
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
