import { defer, EMPTY, map, type Observable, tap } from 'rxjs';
import {
  type Clock,
  type Connection,
  type Direction,
  type Endpoint,
  type Link,
  type NodeId,
  type Refusal,
  type Self,
  systemClock,
  type Transport,
} from '../index.ts';
import { errorType } from './error-type.ts';
import { durations, type MeterLike, type MetricAttributes } from './meter.ts';

/** Options of `timed`. */
export interface TimedOptions {
  /** A `Meter` of `@opentelemetry/api`. */
  readonly meter: MeterLike;
  /** Default: the system clock. */
  readonly clock?: Clock;
}

/**
 * A transport that measures how long dials and handshakes take, and how they end. What passes over
 * its links is untouched.
 *
 *     transports: [timed(webSocket(), { meter })]
 *
 * An attempt that the router gives up, usually because it took too long, has the `error.type`
 * `cancelled`.
 */
export function timed(
  transport: Transport,
  { meter, clock = systemClock }: TimedOptions,
): Transport {
  const dialed = durations(meter, 'rxmesh.dial.duration', 'How long dialing an endpoint took.');
  const proven = durations(meter, 'rxmesh.handshake.duration', 'How long a handshake took.');
  return new TimedTransport(transport, {
    dial: (endpoint) => (source) =>
      source.pipe(timing(clock, dialed, { 'network.protocol.name': endpoint.protocol })),
    handshake: (direction) => (source) =>
      source.pipe(timing(clock, proven, { 'rxmesh.connection.direction': direction })),
  });
}

type Around<T> = (source: Observable<T>) => Observable<T>;

interface Timings {
  readonly dial: (endpoint: Endpoint) => Around<Connection>;
  readonly handshake: (direction: Direction) => Around<Link>;
}

/** Measures the time until the first value, an error, or the end of interest. */
function timing<T>(
  clock: Clock,
  record: ReturnType<typeof durations>,
  attributes: MetricAttributes,
): Around<T> {
  return (source) =>
    defer(() => {
      const fromMs = clock.now();
      let isOpen = true;
      const end = (outcome: MetricAttributes): void => {
        if (!isOpen) return;
        isOpen = false;
        record(clock.now() - fromMs, { ...attributes, ...outcome });
      };
      return source.pipe(
        tap({
          next: () => end({}),
          error: (error: unknown) => end(errorType(error)),
          unsubscribe: () => end({ 'error.type': 'cancelled' }),
        }),
      );
    });
}

class TimedTransport implements Transport {
  readonly #transport: Transport;
  readonly #timings: Timings;

  constructor(transport: Transport, timings: Timings) {
    this.#transport = transport;
    this.#timings = timings;
  }

  get protocols(): readonly string[] {
    return this.#transport.protocols;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#transport.endpoints;
  }

  get endpoints$(): Observable<readonly Endpoint[]> {
    return this.#transport.endpoints$;
  }

  get incoming$(): Observable<Connection> {
    return this.#transport.incoming$.pipe(map((connection) => this.#timed(connection)));
  }

  get refused$(): Observable<Refusal> {
    return this.#transport.refused$ ?? EMPTY;
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    return this.#transport.dial(endpoint).pipe(
      this.#timings.dial(endpoint),
      map((connection) => this.#timed(connection)),
    );
  }

  close(): void {
    this.#transport.close();
  }

  toString(): string {
    return this.#transport.toString();
  }

  #timed(connection: Connection): Connection {
    return new TimedConnection(connection, this.#timings.handshake(connection.direction));
  }
}

class TimedConnection implements Connection {
  /** Only if the connection has it. */
  readonly wrapSocket?: NonNullable<Connection['wrapSocket']>;

  readonly #connection: Connection;
  readonly #around: Around<Link>;

  constructor(connection: Connection, around: Around<Link>) {
    this.#connection = connection;
    if (connection.wrapSocket !== undefined) {
      this.wrapSocket = (wrap) => connection.wrapSocket?.(wrap);
    }
    this.#around = around;
  }

  get direction(): Direction {
    return this.#connection.direction;
  }

  get local(): Endpoint {
    return this.#connection.local;
  }

  get remote(): Endpoint {
    return this.#connection.remote;
  }

  handshake(self: Self, expected?: NodeId): Observable<Link> {
    return this.#around(this.#connection.handshake(self, expected));
  }

  close(reason?: string): void {
    this.#connection.close(reason);
  }

  toString(): string {
    return this.#connection.toString();
  }
}
