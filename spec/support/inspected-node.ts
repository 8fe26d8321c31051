/**
 * A process of specs, see `inspected.ts`: a node that tells all others something five times a
 * second. The arguments are its name, and the address of a node that it knows.
 */
import { interval, mergeMap } from 'rxjs';
import { block, createRouter, Identity, json } from '../../lib/index.ts';
import { inspect } from '../../lib/inspect/index.ts';
import { webSocket } from '../../transports/websocket/index.ts';

const [, , name = '', known] = process.argv;

const router = createRouter({
  identity: await Identity.generate(),
  network: 'inspect-spec',
  moniker: name,
  transports: [webSocket({ listen: { host: '127.0.0.1' } })],
  peerExchange: true,
  peers: {
    addresses: known === undefined ? [] : [known],
    retryJitterMs: 50,
    disconnectCooldownMs: 50,
  },
  keepAlive: { intervalMs: 500, timeoutMs: 2_000 },
});
const news = router.openChannel({ id: 16, codec: json<string>() });
news.in$.subscribe();
const orders = router.openChannel({
  id: 17,
  codec: json<number>(),
  inbound: block(8),
  outbound: block(8),
});
// The one that takes no orders.
if (name !== 'bob') orders.in$.subscribe();
await router.start();
interval(200).subscribe((n) => news.out.next({ broadcast: true, message: `${name} ${n}` }));
if (name === 'ann') {
  const order$ = interval(100).pipe(
    mergeMap((n) => orders.send({ broadcast: true, message: n }, { absent: 'drop' })),
  );
  order$.subscribe();
}
const { url } = await inspect(router, { allow: name === 'ann' ? 'control' : 'read' });
process.send?.({ address: router.addresses[0], url, id: router.id });
// Without the test there is nobody to work for.
process.once('disconnect', () => process.exit());
