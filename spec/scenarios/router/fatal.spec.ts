import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { NEVER, of } from 'rxjs';
import { json, PeerManager } from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import type { Transport } from '../../../lib/transport/transport.ts';
import { heard } from '../../support/heard.ts';
import { MockNode } from '../../support/mock-node.ts';
import { MockTransport } from '../../support/mock-transport.ts';
import { mistake } from '../../support/throwing.ts';
import { collectUnhandled } from '../../support/unhandled.ts';

const unhandled = collectUnhandled();
afterEach(() => void jest.restoreAllMocks());

describe('L-30 an internal error that should be impossible', () => {
  /** Makes the peer manager throw when a peer comes up. */
  const breakReady = (): void => {
    jest.spyOn(PeerManager.prototype, 'ready').mockImplementationOnce(() => {
      throw mistake;
    });
  };

  it('raises one fatal event and stops in order, with no unhandled error', async () => {
    breakReady();
    const node = new MockNode();
    node.start();
    let completed = false;
    node.router.events$.subscribe({ complete: () => (completed = true) });
    const link = node.link('inbound');
    node.arrive(of(link));
    const stopped = node.router.stop();
    node.clock.advance(5_000);
    await stopped;
    const types = node.events.map(({ type }) => type);
    expect(types).toEqual(['peer-up', 'fatal', 'peer-down']);
    expect(node.events[1]).toMatchObject({ error: { code: 'RXMESH_FATAL', cause: mistake } });
    expect([link.closedFor, node.transport.closed, node.transport.live]).toEqual(['done', true, 0]);
    expect(completed).toBe(true);
    expect(() => node.router.openChannel({ id: 9, codec: json() })).toThrow(
      expect.objectContaining({ code: 'RXMESH_STOPPED' }),
    );
    expect(await unhandled()).toEqual([]);
    node.stop();
  });

  it('empties lanes and says goodbye to peers first, as `stop` does', () => {
    const net = simulate({ nodes: 3, latencyMs: 5 });
    const chat = net.openChannels({ id: 1, codec: json<string>() });
    net.start();
    const texts = heard(net, chat(1));
    chat(0).out.next({ to: net.node(1).id, message: 'last words' });
    // A peer that reconnects runs into the broken manager.
    breakReady();
    net.network.sever(net.node(0).id, net.node(2).id);
    net.advance(20_000);
    const broken = net.nodes.filter(({ isStopped }) => isStopped);
    expect(broken).toHaveLength(1);
    expect(texts).toEqual(['0: last words']);
    const fatal = net.log.filter(({ event }) => event.type === 'fatal');
    expect(fatal.map(({ node }) => node)).toEqual(broken.map(({ index }) => index));
    const downs = net.log.flatMap(({ event }) =>
      event.type === 'peer-down' && event.peer === broken[0]?.id ? [event.error?.code] : [],
    );
    expect(
      downs.every(
        (code) => code === 'RXMESH_CONNECTION_CLOSED' || code === 'RXMESH_CONNECTION_FAILED',
      ),
    ).toBe(true);
    net.stop();
  });

  it('resolves start, as when `stop` is called first', async () => {
    breakReady();
    const transport = new MockTransport();
    const silent: Transport = Object.assign(transport, { endpoints$: NEVER });
    const node = new MockNode({ transports: [silent] });
    node.transport.incoming.subscribe(transport.incoming);
    const started = node.router.start();
    node.clock.advance(0);
    node.arrive(of(node.link('inbound')));
    node.clock.advance(5_000);
    await started;
    await node.router.stop();
    expect(node.events.filter(({ type }) => type === 'fatal')).toHaveLength(1);
  });
});

describe('stop', () => {
  it('called again from within a stop is the same stop', async () => {
    const node = new MockNode();
    node.start();
    node.arrive(of(node.link('inbound')));
    const stops: Promise<void>[] = [];
    node.router.events$.subscribe(() => stops.push(node.router.stop()));
    stops.push(node.router.stop());
    node.clock.advance(5_000);
    await Promise.all(stops);
    expect(new Set(stops).size).toBe(1);
    expect(stops.length).toBeGreaterThan(1);
  });
});
