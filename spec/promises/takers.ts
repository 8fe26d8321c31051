/**
 * The second process of `two-processes.slow.spec.ts`. Its nodes dial the router under test and
 * consume messages according to the plan in the first argument. It answers `report` with what has
 * arrived and exits on `stop`.
 */
import { filter, firstValueFrom } from 'rxjs';
import { createRouter, Identity, raw, type LaneOptions } from '../../lib/index.ts';
import { webSocket } from '../../transports/websocket/index.ts';
import { numberOf } from './numbered.ts';

/** How one channel of a node consumes messages. */
export interface Taking {
  readonly channel: number;
  readonly inbound: LaneOptions;
  /** A number limits consumption to that many messages per second. */
  readonly takes: 'everything' | 'nothing' | number;
}

/** The nodes that this process runs, each as a list of its channels. */
export interface Plan {
  readonly address: string;
  readonly nodes: readonly (readonly Taking[])[];
}

/** What has arrived on one channel of one node. */
export interface Taken {
  readonly node: number;
  readonly channel: number;
  readonly count: number;
  /** Whether the sequence numbers were 0, 1, 2 and so on. */
  readonly inOrder: boolean;
  /** The highest depth sampled in the inbound lane. */
  readonly depthMax: number;
  /** Messages dropped in this node's lane. */
  readonly dropped: number;
  /** Arrival times of the last 100 messages, in milliseconds since 1970. */
  readonly atMs: readonly number[];
}

/** A message from this process to its parent. */
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
