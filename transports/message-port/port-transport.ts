import { BehaviorSubject, Observable, type Subscriber } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import { asBytes } from '../../lib/model/bytes.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { type Endpoint, formatEndpoint } from '../../lib/model/endpoint.ts';
import { errorOf, RxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/node-id.ts';
import { helloProblem, secureAccept, secureDial } from '../../lib/secure/index.ts';
import { Pending } from '../../lib/transport/pending.ts';
import { refusedError } from '../../lib/transport/refusal.ts';
import type { Connection, Transport } from '../../lib/transport/transport.ts';
import type { PortLike } from './port.ts';
import { PortSocket } from './port-socket.ts';

/** The scheme of its endpoints. */
const protocol = 'port';
/** A port leads to one place, which the browser vouches for: there is nothing to prove. */
const protection = 'trusted';

/** Options of a `PortTransport`. */
export interface PortTransportOptions {
  readonly id: NodeId;
  readonly clock: Clock;
  /**
   * Makes a channel of messages, hands one end to the other side, and returns the other one. Called
   * for each dial.
   */
  readonly open?: (endpoint: Endpoint) => PortLike;
}

/** A transport over `MessagePort`s. The listening side passes each port it receives to `accept`. */
export class PortTransport implements Transport {
  readonly protocols: readonly string[] = [protocol];
  readonly incoming$: Observable<Connection>;
  readonly endpoints$: Observable<readonly Endpoint[]>;

  readonly #options: PortTransportOptions;
  readonly #endpoints = new BehaviorSubject<readonly Endpoint[]>([]);
  readonly #pending: Pending<unknown>;
  #listener: Subscriber<Connection> | undefined;
  #isClosed = false;

  constructor(options: PortTransportOptions) {
    this.#options = options;
    this.#pending = new Pending(options.clock);
    this.endpoints$ = this.#endpoints.asObservable();
    this.incoming$ = new Observable((subscriber) => this.#listen(subscriber));
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints.value;
  }

  /** Takes an end of a channel whose other end dials. */
  accept(port: PortLike): void {
    const socket = this.#socket(port, 'inbound', { protocol, path: 'remote' });
    if (this.#listener === undefined) {
      socket.destroy();
      return;
    }
    this.#pending.add(socket, (first) => this.#greeted(socket, first));
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    return new Observable((subscriber) => {
      const { open } = this.#options;
      if (endpoint.protocol !== protocol || !endpoint.path || open === undefined) {
        const text = `cannot dial ${formatEndpoint(endpoint)}: there is no port to it`;
        subscriber.error(new RxmeshError('RXMESH_ENDPOINT_INVALID', text));
        return undefined;
      }
      return this.#dial(endpoint, () => open(endpoint), subscriber);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#listener?.complete();
    this.#endpoints.complete();
  }

  toString(): string {
    return `${protocol}:${this.#options.id}`;
  }

  #socket(port: PortLike, direction: Direction, remote: Endpoint): PortSocket {
    const { id, clock } = this.#options;
    return new PortSocket({ port, direction, local: { protocol, path: id }, remote, clock });
  }

  #dial(endpoint: Endpoint, open: () => PortLike, subscriber: Subscriber<Connection>): () => void {
    const where = `dialing ${formatEndpoint(endpoint)}`;
    let socket: PortSocket;
    try {
      socket = this.#socket(open(), 'outbound', endpoint);
    } catch (cause) {
      subscriber.error(errorOf(cause, 'RXMESH_DIAL_FAILED', where));
      return () => undefined;
    }
    const begun = secureDial({ protection });
    let isAnswered = false;
    const failed = (error: RxmeshError): void => {
      socket.destroy();
      subscriber.error(error);
    };
    socket.first((message) => {
      isAnswered = true;
      if (typeof message === 'string' && message !== '') failed(refusedError(where, message));
      else if (message !== 0) failed(new RxmeshError('RXMESH_DIAL_FAILED', `${where}: no answer`));
      else {
        subscriber.next(begun.connect(socket));
        subscriber.complete();
      }
    });
    // The other side may go before it answers.
    socket.drained$.subscribe({
      complete: () => {
        if (!isAnswered) failed(new RxmeshError('RXMESH_DIAL_FAILED', `${where}: no answer`));
      },
    });
    socket.send(begun.hello);
    return () => {
      if (!isAnswered) socket.destroy();
    };
  }

  #listen(subscriber: Subscriber<Connection>): (() => void) | undefined {
    if (this.#isClosed) {
      subscriber.complete();
      return undefined;
    }
    if (this.#listener !== undefined) {
      const text = `${this.toString()} can be used by one router only`;
      subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', text));
      return undefined;
    }
    this.#listener = subscriber;
    this.#endpoints.next([{ protocol, path: this.#options.id }]);
    return () => {
      this.#listener = undefined;
      this.#pending.clear();
      this.#endpoints.next([]);
    };
  }

  /** The first message has arrived. */
  #greeted(socket: PortSocket, first: unknown): void {
    const hello = asBytes(first);
    const problem = hello === undefined ? 'no hello' : helloProblem(hello, protection);
    if (hello === undefined || problem !== undefined) {
      socket.destroy(problem);
      return;
    }
    socket.greet();
    this.#listener?.next(secureAccept(socket, hello, { protection }));
  }
}
