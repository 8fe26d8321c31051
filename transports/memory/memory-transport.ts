import { BehaviorSubject, Observable, type Subscriber, type Subscription } from 'rxjs';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { type NodeId, uncheckedNodeId } from '../../lib/model/node-id.ts';
import type { SecureDial } from '../../lib/secure/index.ts';
import type { Connection, Transport } from '../../lib/transport/transport.ts';
import type { Gate } from './gate.ts';
import type { MemorySocket } from './memory-socket.ts';

/** The network as seen by one of its transports. */
export interface Neighbourhood {
  readonly clock: Clock;
  /** The gate of this transport's node. */
  readonly gate: Gate;
  readonly latencyMs: (from: NodeId, to: NodeId) => number;
  /**
   * Returns both sides of a connection to `listener`, the reason if there is none, or undefined if
   * the dial goes unanswered.
   */
  connect(listener: NodeId): { outbound: MemorySocket; inbound: MemorySocket } | string | undefined;
  /** Whether what `listener` sends reaches this node now. */
  hears(listener: NodeId): boolean;
  /** Starts the dialer's side of a connection. */
  begin(): SecureDial;
  /** Passes its side of a connection and the dialer's hello to the listener. */
  deliver(listener: NodeId, inbound: MemorySocket, hello: Uint8Array): void;
  /** Removes this transport from the network. */
  leave(): void;
}

/** The transport of one node in a `MemoryNetwork`. */
export class MemoryTransport implements Transport {
  readonly protocols: readonly string[] = ['memory'];
  readonly incoming$: Observable<Connection>;
  readonly endpoints$: Observable<readonly Endpoint[]>;

  readonly #id: NodeId;
  readonly #network: Neighbourhood;
  readonly #endpoints = new BehaviorSubject<readonly Endpoint[]>([]);
  #listener: Subscriber<Connection> | undefined;
  #closed = false;

  constructor(id: NodeId, network: Neighbourhood) {
    this.#id = id;
    this.#network = network;
    this.endpoints$ = this.#endpoints.asObservable();
    this.incoming$ = new Observable((subscriber) => this.#listen(subscriber));
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints.value;
  }

  get listening(): boolean {
    return this.#listener !== undefined;
  }

  /** Takes a connection that another node has dialed. */
  accept(connection: Connection): void {
    if (this.#listener === undefined) connection.close();
    else this.#listener.next(connection);
  }

  dial(endpoint: Endpoint): Observable<Connection> {
    return new Observable((subscriber) => {
      if (endpoint.protocol !== 'memory' || !endpoint.path) {
        const given = JSON.stringify(endpoint);
        subscriber.error(
          new RxmeshError(
            'RXMESH_ENDPOINT_INVALID',
            `a memory endpoint must have the protocol memory and a node ID as its path, got ${given}`,
          ),
        );
        return undefined;
      }
      return this.#dial(uncheckedNodeId(endpoint.path), subscriber);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#network.leave();
    this.#listener?.complete();
    this.#endpoints.complete();
  }

  toString(): string {
    return `memory:${this.#id}`;
  }

  #listen(subscriber: Subscriber<Connection>): (() => void) | undefined {
    if (this.#closed) {
      subscriber.complete();
      return undefined;
    }
    if (this.#listener !== undefined) {
      const text = `a memory transport (${this.toString()}) can be used by one router only`;
      subscriber.error(new RxmeshError('RXMESH_LISTEN_FAILED', text));
      return undefined;
    }
    this.#listener = subscriber;
    this.#endpoints.next([{ protocol: 'memory', path: this.#id }]);
    return () => {
      this.#listener = undefined;
      this.#endpoints.next([]);
    };
  }

  #dial(listener: NodeId, subscriber: Subscriber<Connection>): () => void {
    const { clock, gate, latencyMs } = this.#network;
    const begun = this.#network.begin();
    let timer: Subscription | undefined;
    let unclaimed: MemorySocket | undefined;
    const after = (delayMs: number, work: () => void): void => {
      if (delayMs === 0) work();
      else timer = clock.schedule(work, delayMs);
    };
    const answer = (result: MemorySocket | string): void => {
      if (subscriber.closed) return;
      if (typeof result === 'string') {
        const message = `dialing memory:${listener}: ${result}`;
        subscriber.error(new RxmeshError('RXMESH_DIAL_FAILED', message));
        return;
      }
      unclaimed = undefined;
      subscriber.next(begun.connect(result));
      subscriber.complete();
    };
    after(latencyMs(this.#id, listener), () => {
      const pair = this.#network.connect(listener);
      if (pair === undefined) return;
      const backMs = latencyMs(listener, this.#id);
      const isPair = typeof pair !== 'string';
      if (isPair) {
        unclaimed = pair.outbound;
        this.#network.deliver(listener, pair.inbound, begun.hello);
      }
      after(backMs, () => {
        // Lost, if the line back is silent.
        if (!this.#network.hears(listener)) return;
        gate.pass(() => answer(isPair ? pair.outbound : pair));
      });
    });
    return () => {
      timer?.unsubscribe();
      unclaimed?.destroy();
    };
  }
}
