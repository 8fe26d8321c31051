import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, timer } from 'rxjs';
import { block, type Demand, json } from 'rxmesh';
import type { PagePeer } from './page-peer.ts';
import { connected, counted, drop, expectFlood, inspected, node } from './stage.ts';

describe('a peer of an inspector', () => {
  it('sees a stall with its cause and who waits', async () => {
    const [one, two] = [await node(), await node()];
    const out = one.openChannel({ id: 7, codec: json<number>(), outbound: block(2) });
    two.openChannel({ id: 7, codec: json<number>(), inbound: block(4) });
    await Promise.all([one.start(), two.start()]);
    await one.peers.dial(`memory:${two.id}`);
    for (let n = 0; n < 9; n += 1) out.send({ to: two.id, message: n }).subscribe();
    const [sender, receiver] = await Promise.all(
      [one, two].map(async (router) => connected(await inspected(router))),
    );
    const stallOf = async (watching: PagePeer | undefined) =>
      (await watching?.until(({ tables }) => tables.stalls !== undefined))?.stalls()[0];
    const [there, here] = await Promise.all([stallOf(sender), stallOf(receiver)]);
    expect(there).toMatchObject({ kind: 'stalled', channel: 7, direction: 'outbound' });
    expect(there?.peers).toEqual([two.id]);
    expect(there?.cause).toContain('grants no more credit');
    expect(there?.waits).toBe('3 sends of this node wait behind 2 messages in the lane.');
    expect(here).toMatchObject({ kind: 'stalled', channel: 7, direction: 'inbound' });
    expect(here?.cause).toContain('Nothing in this process subscribes');
    expect(here?.waits).toContain(`Peer ${one.id.slice(0, 8)} waits`);
  });
});

describe('the inspected router does not notice', () => {
  it('a page that hangs: it is sampled no more once a few updates wait', async () => {
    const { stand, counts, events } = counted(await node());
    const watching = await connected(await inspected(stand));
    const taken: unknown[] = [];
    let demand: Demand | undefined;
    const first = new Promise<void>((resolve) => {
      demand = watching.updates().consume({
        next: (update) => {
          taken.push(update);
          resolve();
        },
        error: () => undefined,
        complete: () => undefined,
      });
      demand.request(1);
    });
    await first;
    const before = counts.snapshots;
    for (let i = 0; i < 10; i += 1) {
      events.next(drop);
      await firstValueFrom(timer(60));
    }
    expect(taken).toHaveLength(1);
    expect(counts.snapshots - before).toBeLessThanOrEqual(2);
    demand?.unsubscribe();
  });

  it('a flood of events: a page gets some of them, and the number of the rest', async () => {
    await expectFlood(100_000);
  });
});
