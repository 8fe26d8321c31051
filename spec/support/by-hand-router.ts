import { firstValueFrom, merge, Subject } from 'rxjs';
import { nodeByHand } from '../../examples/by-hand.ts';
import { formatNodeAddress } from '../../lib/index.ts';
import type { RouterEvent, RouterLike, RouterOptions } from '../../lib/index.ts';
import { endpointToAddress } from '../../lib/model/endpoint.ts';
import { connected, up } from '../../lib/peers/connected.ts';
import { protocolFault } from '../../lib/router/options.ts';
import { PeerControl } from '../../lib/router/peer-control.ts';

/** The node of `examples/by-hand.ts` with the interface of a router. */
export function byHandRouter(options: RouterOptions): RouterLike {
  const { identity, transports, timeouts } = options;
  const { id } = identity;
  const stopping = new Subject<void>();
  const node = nodeByHand(options, stopping);
  const { switchboard, peers, reports$, redial, run$ } = node;
  const commands = new Subject<RouterEvent>();
  const events$ = merge(node.events$, commands);
  const endpoints = () => transports.flatMap((transport) => transport.endpoints);
  let isStopped = false;
  let running = { unsubscribe: (): void => undefined };
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      isStopped = true;
      stopping.next();
      for (const transport of transports) transport.close();
      const complete = (): void => {
        running.unsubscribe();
        commands.complete();
        resolve();
      };
      switchboard.goodbye(timeouts?.drainMs).subscribe({ complete });
    });
  return {
    id,
    peers: new PeerControl({
      peers,
      events$,
      commanded: (command) => commands.next({ type: 'peer-command', command }),
      protocolFault: (address) => protocolFault(address, transports),
      probe: redial,
      isStopped: () => isStopped,
    }),
    peers$: peers.peers$,
    connected$: connected(peers.peers$),
    isUp: (peer) => peers.status(peer) === 'up',
    whenUp: (peer) => firstValueFrom(up(peers.peers$, peer)),
    events$,
    reports$,
    get addresses() {
      return endpoints().map((each) => formatNodeAddress(endpointToAddress(each, id)));
    },
    openChannel: (channel) => {
      const opened = switchboard.open(channel);
      peers.selfChanged();
      return opened;
    },
    start: () => {
      running = run$.subscribe();
      return Promise.resolve();
    },
    stop,
    [Symbol.asyncDispose]: stop,
    snapshot: () => ({ id, endpoints: endpoints(), ...switchboard.snapshot() }),
  };
}
