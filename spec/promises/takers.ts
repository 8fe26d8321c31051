/**
 * The other process of `two-processes.slow.spec.ts`: nodes that dial the one of the test and take
 * messages as its first argument says. Answers `report` with what has come, and ends with `stop`.
 */
import { filter, firstValueFrom } from 'rxjs';
import { createRouter, Identity, raw, type LaneOptions } from '../../lib/index.ts';
import { webSocket } from '../../transports/websocket/index.ts';
import { numberOf } from './numbered.ts';

/** How one channel of a node takes messages. */
export interface Taking {
  readonly channel: number;
  readonly inbound: LaneOptions;
  /** Or a number of messages a second. */
  readonly takes: 'everything' | 'nothing' | number;
}

/** What the nodes of this process are to do, each: its channels. */
export interface Plan {
  readonly address: string;
  readonly nodes: readonly (readonly Taking[])[];
}

/** What has come on one channel of one node. */
export interface Taken {
  readonly node: number;
  readonly channel: number;
  readonly count: number;
  /** Whether the numbers were 0, 1, 2 and so on. */
  readonly inOrder: boolean;
  /** The most that waited in the lane at a time, as far as it was looked at. */
  readonly depthMax: number;
  /** How many were dropped in this node's lane. */
  readonly dropped: number;
  /** When each of the last 100 messages came, in milliseconds since 1970. */
  readonly atMs: readonly number[];
}

/** What this process says. */
export type Said =
  { readonly type: 'up' } | { readonly type: 'report'; readonly taken: readonly Taken[] };

const plan = JSON.parse(process.argv[2] ?? '') as Plan;
const say = (said: Said): void => void process.send?.(said);
const nowMs = (): number => performance.timeOrigin + performance.now();

const nodes = await Promise.all(
  plan.nodes.map(async (takings, node) => {
    const router = createRouter({
      identity: await Identity.generate(),
      network: 'promises',
      transports: [webSocket()],
      peers: { persistent: [plan.address] },
    });
    const taken = takings.map(({ channel: id, inbound, takes }) => {
      const messageBytesMax = 16 * 2 ** 20;
      const channel = router.openChannel({ id, codec: raw(), inbound, messageBytesMax });
      const so = { node, channel: id, count: 0, inOrder: true, depthMax: 0, atMs: [] as number[] };
      const demand = channel.in$.consume({
        next: ({ message }) => {
          so.inOrder &&= numberOf(message) === so.count;
          so.count += 1;
          so.atMs.push(nowMs());
          if (so.atMs.length > 100) so.atMs.shift();
        },
        error: (error) => {
          throw error;
        },
        complete: () => undefined,
      });
      if (takes === 'everything') demand.request(Infinity);
      setInterval(() => {
        const lane = router.snapshot().peers[0]?.channels.find((each) => each.channel === id);
        so.depthMax = Math.max(so.depthMax, lane?.inbound.depth ?? 0);
        if (typeof takes === 'number') demand.request(Math.ceil(takes / 100));
      }, 10).unref();
      return so;
    });
    await router.start();
    await firstValueFrom(router.peers$.pipe(filter(({ status }) => status === 'up')));
    return { router, taken };
  }),
);

process.on('message', (asked) => {
  if (asked === 'report') {
    const taken = nodes.flatMap(({ router, taken }) => {
      const { drops } = router.snapshot();
      const droppedOn = (id: number): number =>
        drops.reduce((sum, { channel, count }) => sum + (channel === id ? count : 0), 0);
      return taken.map((each) => ({ ...each, dropped: droppedOn(each.channel) }));
    });
    say({ type: 'report', taken });
    return;
  }
  void Promise.all(nodes.map(({ router }) => router.stop())).then(() => process.disconnect());
});
say({ type: 'up' });
