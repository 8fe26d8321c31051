import { afterEach, expect } from '@jest/globals';
import { Subject } from 'rxjs';
import { createRouter, Identity, type Router, type RouterEvent } from 'rxmesh';
import { inspect, type InspectedRouter, type InspectOptions } from 'rxmesh/inspect';
import { MemoryNetwork } from 'rxmesh/transports/memory';
import { PagePeer } from './page-peer.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const network = new MemoryNetwork();

/** A router, which stops after the test. */
export async function node(): Promise<Router> {
  const identity = await Identity.generate();
  const router = createRouter({
    identity,
    network: 'inspected',
    transports: [network.transport(identity.id)],
    timeouts: { drainMs: 1 },
  });
  stops.push(() => router.stop());
  return router;
}

/** The URL of an inspector of a router. */
export async function inspected(
  router: InspectedRouter,
  options: InspectOptions = {},
): Promise<string> {
  const inspector = await inspect(router, options);
  stops.push(() => inspector.close());
  return inspector.url;
}

/** A page of an inspector, not connected yet. */
export async function page(
  url: string,
  how: Parameters<typeof PagePeer.at>[1] = {},
): Promise<PagePeer> {
  const peer = await PagePeer.at(url, how);
  stops.push(() => peer.router.stop());
  return peer;
}

/** A page of an inspector. */
export async function connected(url: string): Promise<PagePeer> {
  const peer = await page(url);
  await peer.connect();
  return peer;
}

/** A router whose samples are counted and whose events the test makes. */
export function counted(router: Router) {
  const events = new Subject<RouterEvent>();
  const counts = { snapshots: 0 };
  const stand: InspectedRouter = {
    id: router.id,
    addresses: [],
    peers: router.peers,
    events$: events,
    snapshot: () => {
      counts.snapshots += 1;
      return router.snapshot();
    },
  };
  return { stand, events, counts };
}

/** What the test floods it with. */
export const drop: RouterEvent = {
  type: 'message-dropped',
  direction: 'outbound',
  channel: 1,
  reason: 'lane-full',
  count: 1,
};

/** Floods an inspector with `count` events, and expects its page to get 50 at a time. */
export async function expectFlood(count: number): Promise<void> {
  const { stand, events } = counted(await node());
  const watching = await connected(await inspected(stand));
  let seen = 0;
  let missed = 0;
  let most = 0;
  await watching.until((update) => {
    if (seen === 0 && missed === 0) for (let i = 0; i < count; i += 1) events.next(drop);
    seen += update.events.length;
    missed += update.missed;
    most = Math.max(most, update.events.length);
    return seen + missed >= count;
  });
  expect(seen + missed).toBe(count);
  expect(most).toBe(50);
}
