/**
 * Two routers exchange messages of 64 B and 64 KiB over WebSockets on this machine, and stop. Runs
 * the built package, on any runtime compatible with Node.
 */
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { createRouter, Identity, raw } from 'rxmesh';
import { webSocket } from 'rxmesh/transports/websocket';

const sizes = [64, 64 * 1024];

const nodeAt = async (transport, ...persistent) =>
  createRouter({
    identity: await Identity.generate(),
    network: 'exchange',
    transports: [transport],
    peers: { persistent },
  });

const bytesOf = (size, first) => Uint8Array.from({ length: size }, (_, i) => i + first);

const ann = await nodeAt(webSocket({ listen: { host: '127.0.0.1' } }));
await ann.start();
const bob = await nodeAt(webSocket(), ...ann.addresses);
const routers = [ann, bob];
const channels = routers.map((router) => router.openChannel({ id: 1, codec: raw() }));
const heard = channels.map(({ in$ }) => lastValueFrom(in$.pipe(take(sizes.length), toArray())));
const up = routers.map(({ peers$ }) => firstValueFrom(peers$));
await bob.start();
await Promise.all(up);
for (const [i, channel] of channels.entries()) {
  for (const size of sizes) {
    await lastValueFrom(channel.send({ broadcast: true, message: bytesOf(size, i) }));
  }
}
for (const [i, envelopes] of (await Promise.all(heard)).entries()) {
  for (const [k, { message }] of envelopes.entries()) {
    const sent = bytesOf(sizes[k], 1 - i);
    if (message.length !== sent.length || message.some((byte, at) => byte !== sent[at])) {
      throw new Error(`message ${k} of router ${1 - i} has arrived otherwise than it was sent`);
    }
  }
}
await Promise.all(routers.map((router) => router.stop()));
