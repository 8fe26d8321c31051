import { afterEach, describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import {
  createRouter,
  logTo,
  parseNodeAddress,
  type Router,
  type RouterEvent,
  RxmeshError,
} from '../../../lib/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { identityOf, MockNode } from '../../support/mock-node.ts';
import { MockConnection, nodeInfoOf } from '../../support/mock-transport.ts';
import { until } from '../../support/until.ts';

type InUse = Extract<RouterEvent, { type: 'identity-in-use' }>;

const inUse = (events: readonly RouterEvent[]): readonly InUse[] =>
  events.flatMap((event) => (event.type === 'identity-in-use' ? [event] : []));

const ownKey = { nodeInfo: nodeInfoOf(identityOf(1)), publicKey: identityOf(1).publicKey };

describe('a second node that runs with our key', () => {
  it('dials us', () => {
    const node = new MockNode();
    node.start();
    const remote = { protocol: 'mock', ip: '192.0.2.1', port: 1 };
    node.arrive(of(node.link('inbound', ownKey)), remote);
    expect(inUse(node.events)).toEqual([
      {
        type: 'identity-in-use',
        direction: 'inbound',
        remote,
        error: expect.objectContaining({ code: 'RXMESH_SELF_CONNECTION' }),
      },
    ]);
    node.stop();
  });

  it('answers where we dial another node; it is reported once a minute', () => {
    const text = `mock://${identityOf(2).id}@192.0.2.1:1`;
    const node = new MockNode({ peers: { addresses: [text] } });
    node.answerWith(of(node.link('outbound', ownKey)));
    node.start();
    node.clock.advance(59_000);
    const address = parseNodeAddress(text);
    expect(node.codes('dial-failed').length).toBeGreaterThan(3);
    expect(inUse(node.events)).toMatchObject([{ direction: 'outbound', address }]);
    node.stop();
  });

  it('is connected to a third node, which refuses us for longer than it could by mistake', () => {
    const text = `mock://${identityOf(2).id}@192.0.2.1:1`;
    const node = new MockNode({ peers: { addresses: [text] } });
    node.transport.answer = () => {
      const link = node.link('outbound', { accepts: false });
      const error = new RxmeshError('RXMESH_DUPLICATE_CONNECTION', 'the peer refused us');
      node.clock.schedule(() => link.end(error), 10);
      return of(new MockConnection('outbound', of(link)));
    };
    node.start();
    node.clock.advance(29_000);
    expect(inUse(node.events)).toEqual([]);
    node.clock.advance(60_000);
    expect(inUse(node.events)).toMatchObject([
      { direction: 'outbound', error: { code: 'RXMESH_DUPLICATE_CONNECTION' } },
    ]);
    node.stop();
  });
});

describe('a second node that runs with our key, over sockets', () => {
  const routers: Router[] = [];

  afterEach(async () => {
    await Promise.all(routers.splice(0).map((router) => router.stop()));
  });

  async function nodeOf(seed: number, addresses: readonly string[] = []) {
    const router = createRouter({
      identity: identityOf(seed),
      network: 'twins',
      transports: [webSocket({ listen: { host: '127.0.0.1', port: 0 } })],
      peers: { addresses, retryMinMs: 20, retryJitterMs: 0 },
    });
    routers.push(router);
    const events: RouterEvent[] = [];
    const lines: string[] = [];
    const write = (text: string): number => lines.push(text);
    router.events$.subscribe((event) => events.push(event));
    router.events$.subscribe(logTo({ debug: write, info: write, warn: write, error: write }));
    await router.start();
    return { router, events, lines };
  }

  it('both see it when one dials the other', async () => {
    const first = await nodeOf(1);
    const [address = ''] = first.router.addresses;
    // The address is that of a node that used to be there.
    const elsewhere = address.replace(first.router.id, identityOf(3).id);
    const second = await nodeOf(1, [elsewhere]);
    await until(() => inUse(first.events).length > 0 && inUse(second.events).length > 0);
    expect(inUse(second.events)).toMatchObject([
      { direction: 'outbound', address: parseNodeAddress(elsewhere) },
    ]);
    expect(inUse(first.events)).toMatchObject([
      { direction: 'inbound', remote: { ip: '127.0.0.1' } },
    ]);
    expect(second.lines).toContainEqual(
      `another node has this node's ID (outbound, ${elsewhere}): the other side has the key of ` +
        'this node: it is this node, or a second one [RXMESH_SELF_CONNECTION]',
    );
    expect([first.router.snapshot().peers, second.router.snapshot().peers]).toEqual([[], []]);
  });

  it('a third node refuses the second one as a duplicate', async () => {
    const third = await nodeOf(3);
    const first = await nodeOf(1, third.router.addresses);
    await until(() => first.router.isUp(third.router.id));
    const second = await nodeOf(1, third.router.addresses);
    const refused = (): unknown[] =>
      second.events.flatMap((e) => (e.type === 'connection-refused' ? [e.error.code] : []));
    await until(() => refused().length > 0);
    expect(refused()).toEqual(['RXMESH_DUPLICATE_CONNECTION']);
    // Too early to tell it from a connection that is dead.
    expect(inUse(second.events)).toEqual([]);
    expect(first.router.isUp(third.router.id)).toBe(true);
  });
});

trackLeaks();
