import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, dropOldest, Identity, parseNodeAddress, type Router } from 'rxmesh';
import { ofKind } from 'rxmesh/operators';
import { comet, peerExchange } from 'rxmesh/transports/comet';
import { endAll, run } from './program.ts';

const routers: Router[] = [];

afterEach(async () => {
  await endAll();
  await Promise.all(routers.splice(0).map((router) => router.stop()));
});

/** A node that answers questions for peers, and counts them. */
interface Node {
  readonly address: string;
  readonly known: string[];
  asked: number;
  /** The most peers that it has had at once. */
  peersMax: number;
}

async function node(moniker: string): Promise<Node> {
  const router = createRouter({
    identity: await Identity.generate(),
    network: 'test-chain',
    version: '0.38.0',
    protocolVersion: { block: 11, app: 0 },
    moniker,
    transports: [comet({ listen: { host: '127.0.0.1' } })],
  });
  routers.push(router);
  const exchange = router.openChannel({ ...peerExchange, inbound: dropOldest(16) });
  const self: Node = { address: '', known: [], asked: 0, peersMax: 0 };
  exchange.in$.pipe(ofKind('pexRequest')).subscribe(({ from: to }) => {
    self.asked += 1;
    const addrs = self.known.map((text) => {
      const { id, host = '', port = 0 } = parseNodeAddress(text);
      return { id, ip: host, port };
    });
    exchange.out.next({ to, message: { kind: 'pexAddrs', addrs } });
  });
  await router.start();
  return Object.assign(self, { address: router.addresses[0] ?? '' });
}

/** Nodes that each know the next one, and all that came before. */
async function chain(count: number): Promise<readonly Node[]> {
  const nodes = await Promise.all(Array.from({ length: count }, (_, nth) => node(`node ${nth}`)));
  nodes.forEach(({ known }, nth) => known.push(...nodes.slice(0, nth + 2).map((n) => n.address)));
  return nodes;
}

const fast = ['--network', 'test-chain', '--per-second', '20', '--json'];

describe('examples/comet-crawl.ts', () => {
  it('walks from node to node, and asks each one once', async () => {
    const nodes = await chain(5);
    const crawl = run('comet-crawl.ts', nodes[0]?.address ?? '', ...fast);
    expect(await crawl.ended).toBe(0);
    const lines = crawl.output.trim().split('\n');
    const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(found.pop()).toEqual({ visited: 5, answered: 5 });
    expect(found.map(({ moniker }) => moniker)).toEqual(nodes.map((_, nth) => `node ${nth}`));
    expect(found.map(({ address }) => address)).toEqual(nodes.map(({ address }) => address));
    expect(found.map(({ known }) => known)).toEqual([2, 3, 4, 5, 5]);
    expect(new Set(found.map(({ version }) => version))).toEqual(new Set(['0.38.0']));
    expect(nodes.map(({ asked }) => asked)).toEqual([1, 1, 1, 1, 1]);
  });

  it('dials no more than --max, and no faster than --per-second', async () => {
    const nodes = await chain(5);
    const pace = ['--network', 'test-chain', '--per-second', '2', '--max', '3'];
    const beganMs = performance.now();
    const crawl = run('comet-crawl.ts', nodes[0]?.address ?? '', ...pace);
    expect(await crawl.ended).toBe(0);
    // The first at once, two more half a second apart each.
    expect(performance.now() - beganMs).toBeGreaterThan(1_000);
    expect(nodes.map(({ asked }) => asked)).toEqual([1, 1, 1, 0, 0]);
    expect(crawl.output).toMatch(/3 nodes dialed, 3 of these answered\n$/);
  });

  it('says why a node does not answer, and goes on', async () => {
    const [first, second] = await chain(2);
    const gone = `tcp://${'ab'.repeat(20)}@127.0.0.1:1`;
    first?.known.unshift(gone);
    const crawl = run('comet-crawl.ts', first?.address ?? '', ...fast);
    expect(await crawl.ended).toBe(0);
    const lines = crawl.output.trim().split('\n');
    const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(found).toContainEqual({
      address: gone,
      why: expect.stringContaining('ECONNREFUSED') as unknown,
    });
    expect(found.at(-1)).toEqual({ visited: 3, answered: 2 });
    expect(second?.asked).toBe(1);
  });
});
