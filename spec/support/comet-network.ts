import { BehaviorSubject, Observable, Subject, throwError } from 'rxjs';
import {
  createRouter,
  type Endpoint,
  type Router,
  type RouterEvent,
  type RouterOptions,
} from '../../lib/index.ts';
import type { Connection, Transport } from '../../lib/transport/transport.ts';
import type { FrameSocket } from '../../lib/transport/frame-socket.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { CometConnection } from '../../transports/comet/comet-connection.ts';
import { limitsOf } from '../../transports/comet/options.ts';
import { Courier } from '../../transports/memory/courier.ts';
import { Gate } from '../../transports/memory/gate.ts';
import { memorySockets } from '../../transports/memory/memory-socket.ts';
import { identityOf } from './mock-node.ts';

/** Gives a socket other ends. */
function between(socket: FrameSocket, local: Endpoint, remote: Endpoint): FrameSocket {
  return {
    direction: socket.direction,
    local,
    remote,
    frames$: socket.frames$,
    drained$: socket.drained$,
    get writable() {
      return socket.writable;
    },
    get closed() {
      return socket.closed;
    },
    send: (frame) => socket.send(frame),
    pause: (paused) => socket.pause(paused),
    close: () => socket.close(),
    destroy: () => socket.destroy(),
    toString: () => `${local.ip ?? ''} to ${remote.ip ?? ''}`,
  };
}

/** A node in a `CometNetwork`, and everything that happens to it. */
export interface CometNode {
  readonly router: Router;
  readonly address: string;
  readonly events: readonly RouterEvent[];
}

/** Nodes that speak CometBFT's own wire with each other, under virtual time. 20 ms to anywhere. */
export class CometNetwork {
  readonly clock: VirtualClock = new VirtualClock();
  readonly nodes: CometNode[] = [];
  readonly #courier = new Courier(this.clock);
  readonly #listeners = new Map<string, Subject<Connection>>();

  /** Adds a node; its channels are still to be opened. Node 0 is `192.0.2.1`, and so on. */
  add(options: Partial<RouterOptions> = {}): CometNode {
    const nth = this.nodes.length;
    const identity = identityOf(nth + 1);
    const ip = `192.0.2.${nth + 1}`;
    const router = createRouter({
      identity,
      network: 'test-chain',
      protocolVersion: { block: 11, app: 0 },
      transports: [this.#transport(ip)],
      clock: this.clock,
      random: () => 0.5,
      keepAlive: { intervalMs: 0 },
      ...options,
    });
    const events: RouterEvent[] = [];
    router.events$.subscribe((event) => events.push(event));
    const node = { router, events, address: `tcp://${identity.id}@${ip}:26656` };
    this.nodes.push(node);
    return node;
  }

  start(): void {
    for (const { router } of this.nodes) void router.start();
    this.clock.advance(0);
  }

  stop(): void {
    for (const { router } of this.nodes) void router.stop();
    this.clock.advance(5_000);
  }

  /** The nodes that a node is connected with, by number. */
  upOf({ router }: CometNode): readonly number[] {
    return this.nodes.flatMap(({ router: { id } }, nth) => (router.isUp(id) ? [nth] : []));
  }

  #transport(ip: string): Transport {
    const own: Endpoint = { protocol: 'tcp', ip, port: 26_656 };
    const endpoints$ = new BehaviorSubject<readonly Endpoint[]>([own]);
    const incoming$ = new Subject<Connection>();
    this.#listeners.set(ip, incoming$);
    return {
      protocols: ['tcp', 'mconn'],
      endpoints: [own],
      endpoints$,
      incoming$,
      dial: (remote) => this.#dial(own, remote),
      close: () => {
        this.#listeners.delete(ip);
        endpoints$.complete();
        incoming$.complete();
      },
    };
  }

  #dial(local: Endpoint, remote: Endpoint): Observable<Connection> {
    const listener = this.#listeners.get(remote.ip ?? '');
    if (listener === undefined) {
      return throwError(() => new RxmeshError('RXMESH_DIAL_FAILED', 'nobody listens there'));
    }
    return new Observable((subscriber) => {
      const gate = new Gate(this.clock, () => undefined);
      const sockets = memorySockets({
        clock: this.clock,
        courier: this.#courier,
        dialer: identityOf(1).id,
        listener: identityOf(2).id,
        latencyMs: () => 20,
        bytesPerSecond: () => Infinity,
        dialerGate: gate,
        listenerGate: gate,
        reaches: () => true,
      });
      subscriber.next(this.#connection(between(sockets.outbound, local, remote), local));
      subscriber.complete();
      listener.next(this.#connection(between(sockets.inbound, remote, local), remote));
    });
  }

  #connection(socket: FrameSocket, own: Endpoint): Connection {
    return new CometConnection(socket, {
      limits: limitsOf({}),
      clock: this.clock,
      announced: () => ({ p2pVersion: 8, endpoints: [own] }),
    });
  }
}
