import { firstValueFrom, Subject } from 'rxjs';
import { nodeByHand } from '../../examples/by-hand.ts';
import { formatNodeAddress, type RouterLike, type RouterOptions } from '../../lib/index.ts';
import { endpointToAddress } from '../../lib/model/endpoint.ts';
import { connected, up } from '../../lib/peers/connected.ts';

/** The node of `examples/by-hand.ts` with the interface of a router. */
export function byHandRouter(options: RouterOptions): RouterLike {
  const { identity, transports, timeouts } = options;
  const { id } = identity;
  const stopping = new Subject<void>();
  const { switchboard, peers, reports$, events$, redial, run$ } = nodeByHand(options, stopping);
  const endpoints = () => transports.flatMap((transport) => transport.endpoints);
  let running = { unsubscribe: (): void => undefined };
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      stopping.next();
      for (const transport of transports) transport.close();
      const complete = (): void => {
        running.unsubscribe();
        resolve();
      };
      switchboard.goodbye(timeouts?.drainMs).subscribe({ complete });
    });
  return {
    id,
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
    addPeer: (address) => peers.add(address),
    redial,
    ban: (ban) => peers.ban(ban),
    unban: (banned) => peers.unban(banned),
    start: () => {
      running = run$.subscribe();
      return Promise.resolve();
    },
    stop,
    [Symbol.asyncDispose]: stop,
    snapshot: () => ({ id, endpoints: endpoints(), ...switchboard.snapshot() }),
  };
}
