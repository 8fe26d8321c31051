import { afterEach } from '@jest/globals';
import { firstValueFrom } from 'rxjs';
import {
  type Channel,
  createRouter,
  Identity,
  type Router,
  type RouterEvent,
  type RouterOptions,
} from 'rxmesh';
import { comet } from '../../../transports/comet/index.ts';

const routers: Router[] = [];

afterEach(async () => {
  await Promise.all(routers.splice(0).map((router) => router.stop()));
});

/** A router, with the events that it emits. */
export interface Node {
  readonly router: Router;
  readonly events: RouterEvent[];
}

/** A node that listens on a free port and dials the others; its channels are still to be opened. */
export function node(others: readonly string[] = [], options: Partial<RouterOptions> = {}): Node {
  const router = createRouter({
    identity: Identity.fromSeed(crypto.getRandomValues(new Uint8Array(32))),
    network: 'test-chain',
    protocolVersion: { block: 11, app: 0 },
    transports: [comet({ listen: { host: '127.0.0.1' }, flushMs: 0 })],
    peers: { persistent: others, retryMinMs: 20, retryJitterMs: 0 },
    ...options,
  });
  routers.push(router);
  const events: RouterEvent[] = [];
  router.events$.subscribe((event) => events.push(event));
  return { router, events };
}

/** Starts both, and waits until they are connected. */
export async function connected(a: Node, b: Node): Promise<void> {
  await b.router.start();
  for (const address of b.router.addresses) a.router.peers.add(address);
  await a.router.start();
  await Promise.all([a.router.whenUp(b.router.id), b.router.whenUp(a.router.id)]);
}

/** Sends numbers, each in a message of this length. */
export async function sendAll(
  channel: Channel<Uint8Array>,
  to: Node,
  count: number,
  length: number,
) {
  for (let at = 0; at < count; at += 1) {
    const message = new Uint8Array(length);
    new DataView(message.buffer).setUint32(0, at);
    await firstValueFrom(channel.send({ to: to.router.id, message }), { defaultValue: null });
  }
}

/** The number in a message of `sendAll`. */
export const numberOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
