import { filter, of } from 'rxjs';
import {
  Identity,
  parseNodeAddress,
  raw,
  selfOf,
  Switchboard,
  type NodeAddress,
  type Transport,
} from 'rxmesh';
import { accept, dial, handshake, route, type SessionEvent } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import { deferred } from '../frame/deferred.ts';
import type { Connected, Connecting } from './connecting.ts';
import { network, nodeWith } from './rxmesh-nodes.ts';

/** The only channel of each node, with default lanes. */
const channel = { id: 1, codec: raw() };

/**
 * A router, and nodes that connect to it. A router keeps only one connection per node, so each
 * connection needs its own node.
 */
export const rxmeshConnecting: Connecting = {
  async listen(onUp) {
    const router = await nodeWith(() => webSocket({ listen: { port: 0, host: '127.0.0.1' } }));
    router.openChannel(channel).in$.subscribe();
    router.peers$.pipe(filter(({ status }) => status === 'up')).subscribe(onUp);
    await router.start();
    return router.addresses[0] ?? '';
  },

  async dialer(text, nodes) {
    const address = parseNodeAddress(text);
    const transport = webSocket();
    const idle: Identity[] = [];
    while (idle.length < nodes) idle.push(await Identity.generate());
    return {
      async connect() {
        const identity = idle.shift();
        if (identity === undefined) throw new Error('every node is connected');
        const { close } = await connect(transport, identity, address);
        return { close: () => close().then(() => idle.push(identity)) };
      },
    };
  },
};

/** Connects one node. */
async function connect(
  transport: Transport,
  identity: Identity,
  address: NodeAddress,
): Promise<Connected> {
  const switchboard = new Switchboard({ self: identity.id });
  switchboard.open(channel).in$.subscribe();
  const self = () => selfOf({ identity, network, channels: switchboard.channels });
  const up = deferred<SessionEvent>();
  const down = deferred<SessionEvent>();
  const onFailure = (error: Error): void => up.reject(error);
  of(address)
    .pipe(
      dial({ transports: [transport], onFailure }),
      handshake({ self, onFailure }),
      accept({ switchboard, onFailure }),
      route(switchboard),
    )
    .subscribe((event) => (event.type === 'up' ? up : down).resolve(event));
  const { session } = await up.promise;
  return {
    close() {
      session.close('done');
      return down.promise;
    },
  };
}
