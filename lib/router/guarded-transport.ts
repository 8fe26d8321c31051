import { catchError, defer, EMPTY, map, Observable, Subscription, throwError } from 'rxjs';
import type { CallbackFailed } from '../flow/guarded.ts';
import { subscribeWithin } from '../flow/subscribe-within.ts';
import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { Link } from '../transport/link.ts';
import type { Connection, Refusal, Self, Transport } from '../transport/transport.ts';

/** What a `GuardedTransport` reports to and asks. */
export interface Guard {
  readonly failed: CallbackFailed;
  /** Returns an error if the endpoint must not be dialed. */
  readonly refusal: (endpoint: Endpoint) => RxmeshError | undefined;
}

/**
 * Wraps a transport from the options, so that an exception thrown by its methods is reported and
 * ends nothing. Errors of its Observables pass through, except those of `refused$`.
 */
export class GuardedTransport implements Transport {
  readonly incoming$: Observable<Connection>;
  readonly endpoints$: Observable<readonly Endpoint[]>;
  readonly refused$: Observable<Refusal>;
  readonly #transport: Transport;
  readonly #failed: CallbackFailed;
  readonly #refusal: Guard['refusal'];

  constructor(transport: Transport, { failed, refusal }: Guard) {
    this.#transport = transport;
    this.#failed = failed;
    this.#refusal = refusal;
    this.endpoints$ = this.#leaving('endpoints$', () => transport.endpoints$);
    this.refused$ = this.#leaving('refused$', () => transport.refused$ ?? EMPTY).pipe(
      catchError((thrown: unknown) => {
        failed('transport.refused$', thrown);
        return EMPTY;
      }),
    );
    this.incoming$ = this.#leaving('incoming$', () => transport.incoming$).pipe(this.#guardEach);
  }

  get protocols(): readonly string[] {
    return this.#attempt('protocols', () => this.#transport.protocols, []);
  }

  get endpoints(): readonly Endpoint[] {
    return this.#attempt('endpoints', () => this.#transport.endpoints, []);
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    const dialed$ = this.#leaving('dial', () => this.#transport.dial(endpoint));
    return defer(() => {
      const refusal = this.#refusal(endpoint);
      return refusal === undefined ? dialed$.pipe(this.#guardEach) : throwError(() => refusal);
    });
  }

  close(): void {
    this.#attempt('close', () => this.#transport.close(), undefined);
  }

  toString(): string {
    return this.#attempt('toString', () => String(this.#transport), 'a transport');
  }

  readonly #guardEach = map((connection: Connection): Connection => {
    return new GuardedConnection(connection, this.#failed);
  });

  /**
   * The Observable that `make` returns. An exception thrown while unsubscribing from it is
   * reported.
   */
  #leaving<T>(name: string, make: () => Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      const inner = new Subscription();
      subscriber.add(() => this.#attempt(name, () => inner.unsubscribe(), undefined));
      subscribeWithin(inner, defer(make), {
        next: (value) => subscriber.next(value),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
  }

  #attempt<T>(name: string, work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (thrown) {
      this.#failed(`transport.${name}`, thrown);
      return otherwise;
    }
  }
}

class GuardedConnection implements Connection {
  readonly direction: Direction;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #connection: Connection;
  readonly #failed: CallbackFailed;

  constructor(connection: Connection, failed: CallbackFailed) {
    this.direction = connection.direction;
    this.local = connection.local;
    this.remote = connection.remote;
    this.#connection = connection;
    this.#failed = failed;
  }

  handshake(self: Self, expected?: NodeId): Observable<Link> {
    return this.#connection.handshake(self, expected);
  }

  close(reason?: string): void {
    try {
      this.#connection.close(reason);
    } catch (thrown) {
      this.#failed('connection.close', thrown);
    }
  }

  toString(): string {
    return String(this.#connection);
  }
}
