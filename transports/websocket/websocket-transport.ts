import { BehaviorSubject, defer, map, Observable, Subject, type Subscriber } from 'rxjs';
import { platform } from '#websocket';
import { type Clock, systemClock } from '../../lib/flow/clock.ts';
import { guardedClock } from '../../lib/flow/guarded.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { secureAccept, secureDial } from '../../lib/secure/index.ts';
import type { Connection, Refusal, Transport } from '../../lib/transport/transport.ts';
import { checkOptions, type WebSocketOptions } from './options.ts';
import { offeredProtocols } from './subprotocol.ts';

/**
 * A transport over WebSockets, `ws` and `wss`. In Node it listens and dials; in a browser it only
 * dials. rxmesh encrypts and authenticates connections itself, so `ws` is as safe as `wss`; a page
 * loaded over TLS needs `wss` nevertheless.
 *
 *     webSocket({ listen: { port: 4000 } })                      // a node that others can reach
 *     webSocket()                                                // one that only dials
 *     webSocket({ listen: { server: httpServer, path: '/p2p' } }) // beside a web server
 *
 * A web page may connect to a listening node only if it comes from the same host and port, or if
 * `origins` lists it. Otherwise, any page opened on this machine could reach a node on `127.0.0.1`.
 *
 * A frame has at most 131,088 bytes, and text messages are not allowed: a violation ends the
 * connection with `RXMESH_PROTOCOL_VIOLATION`. In Node, a client has 10 s to become a WebSocket, at
 * most 256 clients may be doing so, and closing waits 2 s for the other side.
 *
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming every invalid option
 */
export function webSocket(options: WebSocketOptions = {}): Transport {
  checkOptions(options, (checked) => platform.optionProblems(checked));
  return new WebSocketTransport(options);
}

class WebSocketTransport implements Transport {
  readonly protocols: readonly string[] = ['ws', 'wss'];
  readonly incoming$: Observable<Connection>;
  readonly endpoints$: Observable<readonly Endpoint[]>;
  readonly refused$: Observable<Refusal>;

  readonly #options: WebSocketOptions;
  readonly #clock: Clock;
  #listener: Subscriber<Connection> | undefined;
  readonly #endpoints = new BehaviorSubject<readonly Endpoint[]>([]);
  readonly #refused = new Subject<Refusal>();
  #closed = false;

  constructor(options: WebSocketOptions) {
    this.#options = options;
    this.#clock = guardedClock(options.clock ?? systemClock);
    this.endpoints$ = this.#endpoints.asObservable();
    this.refused$ = this.#refused.asObservable();
    this.incoming$ = new Observable((subscriber) => this.#listen(subscriber));
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints.value;
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    return defer(() => {
      const begun = secureDial();
      return platform
        .dial(endpoint, {
          options: this.#options.dial ?? {},
          clock: this.#clock,
          protocols: offeredProtocols(begun.hello),
        })
        .pipe(map((socket) => begun.connect(socket)));
    });
  }

  close(): void {
    this.#closed = true;
    this.#listener?.complete();
    this.#endpoints.complete();
    this.#refused.complete();
  }

  toString(): string {
    const [bound] = this.endpoints;
    const where = bound === undefined ? '' : ` on ${formatEndpoint(bound)}`;
    return `the WebSocket transport${where}`;
  }

  #listen(subscriber: Subscriber<Connection>): (() => void) | undefined {
    const { listen } = this.#options;
    if (this.#closed || listen === undefined) {
      subscriber.complete();
      return undefined;
    }
    if (this.#listener !== undefined) {
      const text = `${this.toString()} can be used by one router only`;
      subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', text));
      return undefined;
    }
    this.#listener = subscriber;
    const listening = platform
      .listen(
        listen,
        (endpoints) => this.#endpoints.next(endpoints),
        (refusal) => this.#refused.next(refusal),
        this.#clock,
      )
      .pipe(map(({ socket, hello }) => secureAccept(socket, hello)))
      .subscribe(subscriber);
    return () => {
      this.#listener = undefined;
      if (this.endpoints.length > 0) this.#endpoints.next([]);
      listening.unsubscribe();
    };
  }
}
