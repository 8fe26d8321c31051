/**
 * A process that handles numbers until it is killed: each must be the successor of the one before,
 * which it reads from its database. Its arguments: its directory, and its port.
 */
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { createRouter, Identity, json } from 'rxmesh';
import { deliveries } from 'rxmesh/deliveries';
import { webSocket } from 'rxmesh/transports/websocket';
import type { Said } from './rounds.ts';

const [directory = '', port = ''] = process.argv.slice(2);
const say = (what: Said): void => void process.send?.(what);

const database = new ClassicLevel(join(directory, 'receiver'));
await database.open();
const router = createRouter({
  identity: await Identity.loadOrCreate(join(directory, 'receiver.json')),
  network: 'kills',
  transports: [webSocket({ listen: { host: '127.0.0.1', port: Number(port) } })],
});
router.events$.subscribe((event) => {
  if (event.type === 'source-failed') say({ problem: String(event.error) });
});
const numbers = deliveries(router, { id: 1, codec: json<number>(), store: database });
const bytes = (n: number): Uint8Array => new TextEncoder().encode(String(n));

numbers.handle(async ({ message }) => {
  const last = Number((await database.get('last')) ?? -1);
  if (message !== last + 1) say({ problem: `${message} was handled after ${last}` });
  if (message % 50 === 0) say({ handled: message });
  return [{ type: 'put', key: 'last', value: bytes(message) }];
});
await router.start();
say({ address: router.addresses[0] ?? '', handled: Number((await database.get('last')) ?? -1) });
