import { concat, defer, EMPTY, ignoreElements, map, Observable, Subject, throwError } from 'rxjs';
import { after, type Clock, systemClock } from '../../flow/clock.ts';
import { mistaken } from '../../model/check-function.ts';
import { checkOptions } from '../../model/check-options.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import { RxmeshError } from '../../model/error.ts';
import type { FrameSocket } from '../../transport/frame-socket.ts';
import {
  type Connection,
  isTransport,
  type Refusal,
  type Transport,
} from '../../transport/transport.ts';
import { seededRandom } from '../seeded-random.ts';
import { FaultySocket } from './faulty-socket.ts';
import { checkFrameFaults, type FrameFault, type FrameFaults } from './frames.ts';
import type { LineOptions } from './line.ts';
import { lineKinds } from './plan.ts';

/** Options of `faulty`. */
export interface FaultyOptions extends LineOptions {
  /** What goes wrong. Default: nothing. */
  readonly faults?: FrameFaults;
  /** The same seed gives each connection the same faults at the same bytes. Default 1. */
  readonly seed?: number;
  /** Default: the system's clock. In virtual time, that of the nodes. */
  readonly clock?: Clock | undefined;
}

/** A transport whose connections go over lines that are long, slow or faulty. See `faulty`. */
export interface FaultyTransport extends Transport {
  /** What goes wrong, as it happens. Does not complete, as connections outlive their transport. */
  readonly faults$: Observable<FrameFault>;
  /** Cuts all connections. New ones can be made afterwards. */
  cut(): void;
  /** Falls silent: nothing passes in either direction, and no connection ends. */
  freeze(): void;
  /** Passes on what was held back since `freeze`, and all that follows. */
  thaw(): void;
}

/**
 * Wraps a transport, so that its connections go over lines that are long, slow or faulty: in both
 * directions, so it is enough to wrap the transport of one of two nodes.
 *
 *     const line = faulty(webSocket(), { latencyMs: 25, faults: { cutAfterBytes: 100_000 } });
 *     const router = createRouter({ identity, network: 'demo', transports: [line] });
 *     line.faults$.subscribe((fault) => console.log(fault));
 *
 * Frames arrive in order, and whole unless a fault changes them. In front of a bottleneck stands a
 * queue of 100 ms, or of 64 KiB if that is more; when it is full, the sender has to wait. A dial
 * takes a round trip.
 *
 * The connections must be made of a `FrameSocket` (`Connection.wrapSocket`), as those of all
 * transports of rxmesh are.
 *
 * @throws {TypeError} for a value that is not a transport, and for an option that is unknown or of
 *   the wrong type
 * @throws {RangeError} for an option that is out of range
 */
export function faulty(transport: Transport, options: FaultyOptions = {}): FaultyTransport {
  if (!isTransport(transport)) throw mistaken('faulty: transport', 'a transport', transport);
  checkOptions('faulty', options, lineKinds);
  checkFrameFaults(options.faults ?? {});
  return new FaultyLines(transport, options);
}

class FaultyLines implements FaultyTransport {
  readonly faults$: Observable<FrameFault>;
  readonly incoming$: Observable<Connection>;
  readonly refused$: Observable<Refusal>;
  readonly #inner: Transport;
  readonly #options: LineOptions & {
    readonly faults: FrameFaults;
    readonly seed: number;
    readonly clock: Clock;
  };
  readonly #faults = new Subject<FrameFault>();
  readonly #sockets = new Set<FaultySocket>();
  readonly #dialing: () => number;
  #made = 0;
  #isFrozen = false;

  constructor(inner: Transport, options: FaultyOptions) {
    this.#inner = inner;
    const { seed = 1, clock = systemClock, faults = {}, ...line } = options;
    this.#options = { seed, clock, faults, ...line };
    this.#dialing = seededRandom(seed);
    this.faults$ = this.#faults.asObservable();
    this.incoming$ = inner.incoming$.pipe(map((each) => this.#wrapped(each, this.#number())));
    this.refused$ = inner.refused$ ?? EMPTY;
  }

  get protocols(): readonly string[] {
    return this.#inner.protocols;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#inner.endpoints;
  }

  get endpoints$(): Observable<readonly Endpoint[]> {
    return this.#inner.endpoints$;
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    return defer(() => {
      const number = this.#number();
      const { refuseDials = 0 } = this.#options.faults;
      // Drawn in any case, so that one option does not change what another one does.
      const isRefused = this.#dialing() < refuseDials;
      const answer$ = isRefused
        ? this.#refuse(endpoint, number)
        : this.#inner.dial(endpoint).pipe(map((each) => this.#wrapped(each, number)));
      return concat(this.#roundTrip(), answer$);
    });
  }

  close(): void {
    this.#inner.close();
  }

  cut(): void {
    for (const socket of [...this.#sockets]) socket.cut();
  }

  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.freeze();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const socket of [...this.#sockets]) socket.thaw();
  }

  toString(): string {
    return `${this.#inner.toString()}, with faults`;
  }

  #number(): number {
    const number = this.#made;
    this.#made += 1;
    return number;
  }

  #roundTrip(): Observable<never> {
    const { clock, latencyMs = 0 } = this.#options;
    return latencyMs === 0 ? EMPTY : after(clock, 2 * latencyMs).pipe(ignoreElements());
  }

  #refuse(endpoint: Endpoint, connection: number): Observable<never> {
    return throwError(() => {
      this.#faults.next({ type: 'refuse', connection, towards: 'listener', atBytes: 0 });
      const text = `dialing ${formatEndpoint(endpoint)}: refused by a fault`;
      return new RxmeshError('RXMESH_DIAL_FAILED', text);
    });
  }

  #wrapped(connection: Connection, number: number): Connection {
    if (connection.wrapSocket === undefined) {
      connection.close();
      throw new TypeError(`faulty: ${this.#inner.toString()} has connections without wrapSocket`);
    }
    connection.wrapSocket((socket) => this.#socket(socket, number));
    return connection;
  }

  #socket(inner: FrameSocket, connection: number): FaultySocket {
    const { seed, clock, faults, ...line } = this.#options;
    const socket = new FaultySocket(inner, {
      ...{ clock, line, faults, seed, connection },
      report: (fault) => this.#faults.next(fault),
      onEnd: (ended) => this.#sockets.delete(ended),
    });
    this.#sockets.add(socket);
    if (this.#isFrozen) socket.freeze();
    return socket;
  }
}
