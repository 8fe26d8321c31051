import { of, type Observable } from 'rxjs';
import { Identity, json, type RouterEvent, type RouterLike } from '../../lib/index.ts';
import type { RouterOptions } from '../../lib/router/options.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Endpoint } from '../../lib/model/endpoint.ts';
import { expectIdle } from './leaks.ts';
import { makeRouter } from './maker.ts';
import {
  MockConnection,
  MockLink,
  MockTransport,
  nodeInfoOf,
  type MockPeer,
} from './mock-transport.ts';

/** Identities from a small number. */
export const identityOf = (seed: number): Identity =>
  Identity.fromSeed(new Uint8Array(32).fill(seed));

/** A router on a mock transport, under virtual time, with one channel (1) open. */
export class MockNode {
  readonly identity: Identity = identityOf(1);
  readonly peer: Identity = identityOf(2);
  readonly clock: VirtualClock = new VirtualClock();
  readonly transport: MockTransport = new MockTransport();
  readonly router: RouterLike;
  readonly events: RouterEvent[] = [];
  /** The output of `peers$`: `up <id>`, `down <id>`. */
  readonly updates: string[] = [];

  constructor(options: Partial<RouterOptions> = {}) {
    this.router = makeRouter({
      identity: this.identity,
      network: 'demo',
      transports: [this.transport],
      clock: this.clock,
      random: () => 0,
      // These peers send only what their test has them send, and no pongs.
      keepAlive: { intervalMs: 0 },
      ...options,
    });
    this.router.openChannel({ id: 1, codec: json<string>() });
    this.router.events$.subscribe((event) => this.events.push(event));
    this.router.peers$.subscribe(({ id, status }) => this.updates.push(`${status} ${id}`));
  }

  /** Starts, and runs what is due immediately. */
  start(): void {
    void this.router.start();
    this.clock.advance(0);
  }

  /** Stops, and checks that nothing is left: no timer, no subscription of the transport. */
  stop(): void {
    void this.router.stop();
    this.clock.advance(5_000);
    expectIdle(this.clock.scheduler);
    if (this.transport.live > 0) throw new Error(`${this.transport.live} subscriptions are left`);
  }

  /** A link to `peer`, which tells the truth except for `changes`. */
  link(direction: Direction, changes: Partial<MockPeer> = {}): MockLink {
    const { peer } = this;
    const { publicKey } = peer;
    return new MockLink({ direction, nodeInfo: nodeInfoOf(peer), publicKey, ...changes });
  }

  /** An inbound connection whose handshake gives `link$`. */
  arrive(link$?: Observable<MockLink>, remote?: Endpoint): MockConnection {
    const connection = new MockConnection('inbound', link$, remote);
    this.transport.incoming.next(connection);
    this.clock.advance(0);
    return connection;
  }

  /** Makes dials succeed with connections whose handshakes give `link$`; collects them. */
  answerWith(link$?: Observable<MockLink>): MockConnection[] {
    const connections: MockConnection[] = [];
    this.transport.answer = () => {
      const connection = new MockConnection('outbound', link$);
      connections.push(connection);
      return of(connection);
    };
    return connections;
  }

  /** The codes of the events of one type. */
  codes(type: 'connection-refused' | 'dial-failed' | 'transport-failed'): string[] {
    return this.events.flatMap((event) => (event.type === type ? [event.error.code] : []));
  }
}
