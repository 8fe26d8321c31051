/**
 * A process that delivers the numbers from 0 in order, until it is killed. It writes which it has
 * posted together with the messages. Its arguments: its directory, the receiver's address, and how
 * many numbers there are.
 */
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { createRouter, flowFrom, Identity, json, parseNodeAddress } from 'rxmesh';
import { deliveries } from 'rxmesh/deliveries';
import { boundedMergeMap } from 'rxmesh/operators';
import { webSocket } from 'rxmesh/transports/websocket';
import type { Said } from './rounds.ts';

const soon = { retryMinMs: 50, retryMaxMs: 50, retryMaxPersistentMs: 50, retryJitterMs: 10 };
const [directory = '', address = '', total = ''] = process.argv.slice(2);
const say = (what: Said): void => void process.send?.(what);

const database = new ClassicLevel(join(directory, 'sender'));
await database.open();
const receiver = parseNodeAddress(address);
const router = createRouter({
  identity: await Identity.loadOrCreate(join(directory, 'sender.json')),
  network: 'kills',
  transports: [webSocket()],
  peers: { persistent: [receiver], disconnectCooldownMs: 50, ...soon },
});
router.events$.subscribe((event) => {
  if (event.type === 'source-failed') say({ problem: String(event.error) });
});
const numbers = deliveries(router, { id: 1, codec: json<number>(), store: database });
numbers.undelivered$.subscribe(({ error }) => say({ problem: String(error) }));

/** Those that were posted before are in the store. */
async function* unposted(): AsyncGenerator<number> {
  const next = Number((await database.get('next')) ?? 0);
  for (let n = next; n < Number(total); n += 1) yield n;
}

await router.start();
flowFrom(unposted())
  .pipe(
    boundedMergeMap(
      (message) => {
        const value = new TextEncoder().encode(String(message + 1));
        const operations = [{ type: 'put', key: 'next', value }] as const;
        return numbers.deliver({ to: receiver.id, message, operations });
      },
      { concurrency: 256 },
    ),
  )
  .subscribe({ error: (error: unknown) => say({ problem: String(error) }) });
