import { NEVER, Observable } from 'rxjs';
import type { Direction } from '../../lib/model/direction.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { Link } from '../../lib/transport/link.ts';
import type { Connection, Self, Transport } from '../../lib/transport/transport.ts';

/** A connection whose handshake follows `link$`. */
export class FakeConnection implements Connection {
  readonly direction: Direction = 'outbound';
  readonly local: Endpoint = { protocol: 'fake', ip: '192.0.2.100' };
  readonly remote: Endpoint = { protocol: 'fake', ip: '192.0.2.1', port: 1 };
  /** Closed by a call, or because its handshake was cancelled or failed. */
  closed = false;
  /** The identity proved here, once for each handshake. */
  readonly selves: Self[] = [];
  /** The peer expected, once for each handshake. */
  readonly expected: (NodeId | undefined)[] = [];
  link$: Observable<Link>;

  constructor(link$: Observable<Link> = NEVER) {
    this.link$ = link$;
  }

  handshake(self: Self, expected?: NodeId): Observable<Link> {
    this.selves.push(self);
    this.expected.push(expected);
    return new Observable((subscriber) => {
      let proven = false;
      subscriber.add(() => (this.closed ||= !proven));
      subscriber.add(
        this.link$.subscribe({
          next: (link) => {
            proven = true;
            subscriber.next(link);
          },
          error: (error: unknown) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
    });
  }

  close(): void {
    this.closed = true;
  }
}

/** A transport that only dials; `answer` gives the outcome. */
export class FakeTransport implements Transport {
  readonly protocols: readonly string[];
  readonly endpoints: readonly Endpoint[] = [];
  readonly endpoints$: Observable<readonly Endpoint[]> = NEVER;
  readonly incoming$: Observable<Connection> = NEVER;
  /** The endpoints dialed, in order. */
  readonly dials: Endpoint[] = [];
  /** Dials in progress. */
  live = 0;
  answer: (endpoint: Endpoint) => Observable<Connection>;

  constructor(
    answer: (endpoint: Endpoint) => Observable<Connection> = () => NEVER,
    protocols: readonly string[] = ['fake'],
  ) {
    this.answer = answer;
    this.protocols = protocols;
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    const answer = this.answer(endpoint);
    return new Observable((subscriber) => {
      this.dials.push(endpoint);
      this.live += 1;
      subscriber.add(() => (this.live -= 1));
      subscriber.add(answer.subscribe(subscriber));
    });
  }

  close(): void {
    throw new Error('whoever dials does not close a transport');
  }
}
