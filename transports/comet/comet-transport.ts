import { BehaviorSubject, map, Observable, type Subscriber } from 'rxjs';
import { type Clock, systemClock } from '../../lib/flow/clock.ts';
import { guardedClock } from '../../lib/flow/guarded.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import type { Connection, Transport } from '../../lib/transport/transport.ts';
import { CometConnection } from './comet-connection.ts';
import { checkOptions, type CometOptions, limitsOf } from './options.ts';
import { dialTcp, listenTcp } from './tcp.node.ts';

/**
 * A transport over CometBFT's own wire, for nodes of Cosmos networks: TCP, CometBFT's
 * SecretConnection and MConnection. For Node.
 *
 *     comet()                               // dials tcp://<node ID>@host:26656
 *     comet({ listen: { port: 26656 } })    // can be dialed, too
 *
 * CometBFT connects only to nodes of the same network and block version, so the router needs
 * `network: '<chain ID>'` and `protocolVersion: { block: 11, app: 0 }`, and its channels must be
 * open before it starts. docs/comet.md says what else the wire demands, and what it cannot do.
 *
 * @throws {RxmeshError} `RXMESH_OPTIONS_INVALID`, naming every invalid option
 */
export function comet(options: CometOptions = {}): Transport {
  checkOptions(options);
  return new CometTransport(options);
}

class CometTransport implements Transport {
  readonly protocols: readonly string[] = ['tcp', 'mconn'];
  readonly incoming$: Observable<Connection>;
  readonly endpoints$: Observable<readonly Endpoint[]>;

  readonly #options: CometOptions;
  readonly #clock: Clock;
  readonly #endpoints = new BehaviorSubject<readonly Endpoint[]>([]);
  #listener: Subscriber<Connection> | undefined;
  #closed = false;

  constructor(options: CometOptions) {
    this.#options = options;
    this.#clock = guardedClock(options.clock ?? systemClock);
    this.endpoints$ = this.#endpoints.asObservable();
    this.incoming$ = new Observable((subscriber) => this.#listen(subscriber));
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints.value;
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    return dialTcp(endpoint, this.#clock).pipe(map((socket) => this.#connection(socket)));
  }

  close(): void {
    this.#closed = true;
    this.#listener?.complete();
    this.#endpoints.complete();
  }

  toString(): string {
    const [bound] = this.endpoints;
    if (bound !== undefined) return `listening on ${formatEndpoint(bound)}`;
    return this.#options.listen === undefined ? 'tcp, dialing only' : 'tcp, not listening';
  }

  #connection(socket: FrameSocket): Connection {
    const { p2pVersion = 8 } = this.#options;
    return new CometConnection(socket, {
      limits: limitsOf(this.#options),
      clock: this.#clock,
      announced: () => ({ p2pVersion, endpoints: this.endpoints }),
    });
  }

  #listen(subscriber: Subscriber<Connection>): (() => void) | undefined {
    const { listen } = this.#options;
    if (this.#closed || listen === undefined) {
      subscriber.complete();
      return undefined;
    }
    if (this.#listener !== undefined) {
      const text = `a CometBFT transport (${this.toString()}) can be used by one router only`;
      subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', text));
      return undefined;
    }
    this.#listener = subscriber;
    const listening = listenTcp(listen, this.#clock, (bound) => this.#endpoints.next([bound]))
      .pipe(map((socket) => this.#connection(socket)))
      .subscribe(subscriber);
    return () => {
      this.#listener = undefined;
      if (this.endpoints.length > 0) this.#endpoints.next([]);
      listening.unsubscribe();
    };
  }
}
