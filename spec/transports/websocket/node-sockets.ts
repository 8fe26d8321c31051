import { map } from 'rxjs';
import { WebSocket } from 'ws';
import { systemClock } from '../../../lib/flow/clock.ts';
import type { Endpoint } from '../../../lib/model/endpoint.ts';
import type { FrameSocket } from '../../../lib/transport/frame-socket.ts';
import type { WebSocketDialOptions } from '../../../transports/websocket/index.ts';
import { platform } from '../../../transports/websocket/socket.node.ts';
import { until } from '../../support/until.ts';
import { Log, protocols, type Releases } from './support.ts';

/** Sockets of Node that are released after the test. */
export class NodeSockets {
  readonly #release: Releases;

  constructor(release: Releases) {
    this.#release = release;
  }

  /** A listener, with what it accepts. */
  async server(): Promise<{ accepted: Log<FrameSocket>; endpoint: Endpoint }> {
    let bound: readonly Endpoint[] = [];
    const accepted = new Log(
      platform
        .listen({ host: '127.0.0.1' }, (endpoints) => (bound = endpoints))
        .pipe(map(({ socket }) => socket)),
    );
    this.#release(() => {
      accepted.subscription.unsubscribe();
      for (const socket of accepted.values) socket.destroy();
    });
    await until(() => bound.length > 0);
    const [endpoint] = bound;
    if (endpoint === undefined) throw new Error('not bound');
    return { accepted, endpoint };
  }

  async dialed(endpoint: Endpoint, options: WebSocketDialOptions = {}): Promise<FrameSocket> {
    const log = new Log(platform.dial(endpoint, { options, clock: systemClock, protocols }));
    await until(() => log.end === 'complete');
    const [socket] = log.values;
    if (socket === undefined) throw new Error('no socket');
    this.#release(() => socket.destroy());
    return socket;
  }

  /** Both ends of a connection. */
  async pair(): Promise<{ client: FrameSocket; accepted: FrameSocket }> {
    const { accepted, endpoint } = await this.server();
    const client = await this.dialed(endpoint);
    await until(() => accepted.values.length === 1);
    const [socket] = accepted.values;
    if (socket === undefined) throw new Error('no socket');
    return { client, accepted: socket };
  }

  /** A client of ws itself, connected to a socket of ours. */
  async foreign(): Promise<{ client: WebSocket; socket: FrameSocket }> {
    const { accepted, endpoint } = await this.server();
    const client = new WebSocket(`ws://127.0.0.1:${endpoint.port}`, [...protocols]);
    client.on('error', () => undefined);
    this.#release(() => client.terminate());
    await until(() => accepted.values.length === 1 && client.readyState === WebSocket.OPEN);
    const [socket] = accepted.values;
    if (socket === undefined) throw new Error('no socket');
    return { client, socket };
  }
}
