import { describe, expect, it } from '@jest/globals';
import { block, raw } from '../../lib/index.ts';
import { Picture } from '../../lib/inspect/picture.ts';
import { Sampler } from '../../lib/inspect/sampler.ts';
import type { Update } from '../../lib/inspect/view.ts';
import { simulate } from '../../lib/testing/index.ts';

/** A node with two peers and three channels, and a sampler of it. */
function sampled(workMs: () => number = () => 0) {
  const net = simulate({ nodes: 3, latencyMs: 1 });
  const channels = [7, 8, 9].map((id) =>
    net.nodes.map(({ router }) =>
      router.openChannel({ id, codec: raw(), inbound: block(2), outbound: block(2) }),
    ),
  );
  // Nothing takes what arrives on channel 9.
  for (const channel of channels.slice(0, 2).flat()) channel.in$.subscribe();
  net.start();
  net.advance(100);
  const { router } = net.node(0);
  const peers = Object.create(router.peers) as typeof router.peers;
  const counts = { lists: 0 };
  peers.list = () => {
    counts.lists += 1;
    return router.peers.list();
  };
  const { id, addresses, events$ } = router;
  const looked = { id, addresses, events$, peers, snapshot: () => router.snapshot() };
  const sampler = new Sampler(looked, false, net.clock, workMs);
  const send = (channel: number, message = Uint8Array.of(1, 2, 3)): void => {
    channels[channel]?.[0]?.out.next({ broadcast: true, message });
  };
  return { net, sampler, counts, send };
}

/** A page that draws what it gets. */
class Page {
  readonly picture = new Picture();
  readonly got: Update[] = [];
  readonly #updates: AsyncGenerator<Update, undefined>;
  readonly #advance: (ms: number) => void;

  constructor(sampler: Sampler, advance: (ms: number) => void) {
    this.#updates = sampler.updates();
    this.#advance = advance;
  }

  /** Takes the next update, for which it lets time pass. */
  async take(): Promise<Update> {
    const next = this.#updates.next();
    let update: Update | undefined;
    void next.then(({ value }) => (update = value));
    while (update === undefined) {
      this.#advance(10);
      await Promise.resolve();
    }
    this.got.push(update);
    // As it comes over the wire.
    this.picture.change(JSON.parse(JSON.stringify(update)) as Update);
    return update;
  }

  get tables() {
    return Object.values(this.picture.tables).map((table) => [...table.values()].sort(byKey));
  }
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number =>
  a.key < b.key ? -1 : 1;

describe('the updates of a page', () => {
  it('have everything at first, and then only the fields that have changed', async () => {
    const { net, sampler, send } = sampled();
    const page = new Page(sampler, (ms) => net.advance(ms));
    const first = await page.take();
    expect(first.tables.peers?.set).toHaveLength(2);
    expect(first.tables.channels?.set.map(({ key }) => key)).toEqual(['7', '8', '9']);
    send(0);
    const { tables } = await page.take();
    const carried = { messagesOut: 1, bytesOut: 3 };
    const [one, two] = [net.node(1).id, net.node(2).id].sort();
    expect([...(tables.peers?.changed ?? [])].sort()).toEqual([
      [one, carried],
      [two, carried],
    ]);
    expect(tables.channels).toEqual({
      set: [],
      changed: [['7', { messagesOut: 2, bytesOut: 6 }]],
      gone: [],
    });
    send(0, new Uint8Array(0));
    const { tables: then } = await page.take();
    expect(then.peers?.changed.map(([, fields]) => fields)).toEqual([
      { messagesOut: 2 },
      { messagesOut: 2 },
    ]);
    net.stop();
  });

  it('end in the same picture for a page that skips samples, and for a new one', async () => {
    const { net, sampler, send } = sampled();
    const advance = (ms: number): void => net.advance(ms);
    const [every, some] = [new Page(sampler, advance), new Page(sampler, advance)];
    await some.take();
    for (let turn = 0; turn < 40; turn += 1) {
      for (let channel = 0; channel < 3; channel += 1)
        if (turn % (channel + 1) === 0) send(channel);
      if (turn === 20) net.remove(2);
      await every.take();
      if (turn % 7 === 0) await some.take();
    }
    net.advance(5_000);
    await every.take();
    await some.take();
    const fresh = new Page(sampler, advance);
    await fresh.take();
    expect(every.tables).toEqual(fresh.tables);
    expect(some.tables).toEqual(fresh.tables);
    // A peer has gone, and lanes stand still: what only whole rows can say.
    expect(fresh.picture.stalls()).not.toEqual([]);
    expect(every.got.length).toBeGreaterThan(some.got.length);
    net.stop();
  });

  it('come ten times a second, or less often if a sample takes long', async () => {
    const gaps = async (costMs: number): Promise<number> => {
      let workMs = 0;
      const { net, sampler, send } = sampled(() => (workMs += costMs));
      const page = new Page(sampler, (ms) => net.advance(ms));
      for (let turn = 0; turn < 8; turn += 1) {
        send(0);
        await page.take();
      }
      net.stop();
      const [before = NaN, last = NaN] = page.got.slice(-2).map(({ atMs }) => atMs);
      return last - before;
    };
    expect(await gaps(3)).toBe(100);
    expect(await gaps(12)).toBe(400);
  });

  it('read the records of peers twice a second, and when events tell of them', async () => {
    const { net, sampler, counts, send } = sampled();
    const page = new Page(sampler, (ms) => net.advance(ms));
    await page.take();
    const before = counts.lists;
    for (let turn = 0; turn < 20; turn += 1) {
      send(0);
      await page.take();
    }
    expect(counts.lists - before).toBe(4);
    // Right after they were read, so that nothing but the event can make it read them again.
    for (const read = counts.lists; counts.lists === read;) {
      send(0);
      await page.take();
    }
    net.node(0).router.peers.disconnect(net.node(1).id);
    net.advance(10);
    await page.take();
    const row = page.picture.tables.peers.get(net.node(1).id);
    expect(row?.state).not.toBe('up');
    expect(row?.remote).toBe(undefined);
    // It keeps its name.
    expect(row?.moniker).toBe(net.node(1).id.slice(0, 8));
    net.stop();
  });
});
