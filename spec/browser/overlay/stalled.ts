import { block, createRouter, Identity, json, type Router } from '../../../lib/index.ts';
import { MemoryNetwork } from '../../../transports/memory/index.ts';

/** A router whose peer takes none of its orders, and the types of its events. */
export async function started(name: string): Promise<{ router: Router; events: string[] }> {
  const network = new MemoryNetwork();
  const [router, slow] = await Promise.all([node(network, name), node(network, 'slow')]);
  const orders = router.openChannel({ id: 17, codec: json<number>(), outbound: block(8) });
  slow.openChannel({ id: 17, codec: json<number>(), inbound: block(8) });
  await Promise.all([router.start(), slow.start()]);
  await router.peers.dial(`memory:${slow.id}`);
  const events: string[] = [];
  router.events$.subscribe(({ type }) => events.push(type));
  for (let n = 0; n < 20; n += 1) orders.send({ to: slow.id, message: n }).subscribe();
  return { router, events };
}

async function node(network: MemoryNetwork, moniker: string): Promise<Router> {
  const identity = await Identity.generate();
  const transports = [network.transport(identity.id)];
  return createRouter({ identity, network: 'overlay-spec', moniker, transports });
}
