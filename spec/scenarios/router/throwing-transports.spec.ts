import { describe, expect, it } from '@jest/globals';
import { NEVER, Observable, of, throwError } from 'rxjs';
import { json } from '../../../lib/index.ts';
import type { Connection } from '../../../lib/transport/transport.ts';
import { expectAlive, failedAt } from '../../support/alive.ts';
import { identityOf, MockNode } from '../../support/mock-node.ts';
import { MockConnection, MockTransport } from '../../support/mock-transport.ts';
import { mistake, once } from '../../support/throwing.ts';
import { collectUnhandled } from '../../support/unhandled.ts';

const unhandled = collectUnhandled();

const ignore = (): void => undefined;
const address = `mock:${identityOf(2).id}`;

const endpointThenError$ = new Observable((subscriber) => {
  subscriber.next([{ protocol: 'mock', path: 'here' }]);
  subscriber.error(mistake);
});

describe('L-30 a transport that throws raises an event, and the node keeps running', () => {
  const withTransport = (changes: PropertyDescriptorMap): MockNode => {
    const transport = new MockTransport();
    Object.defineProperties(transport, changes);
    const node = new MockNode({ transports: [transport], peers: { addresses: [address] } });
    // `arrive` uses this one.
    node.transport.incoming.subscribe(transport.incoming);
    node.start();
    return node;
  };

  it('protocols, while the options are checked: the address is not refused for that', () => {
    const node = withTransport({ protocols: { get: once(() => ['mock']) } });
    expect(node.transport.dials).toHaveLength(0);
    node.stop();
  });

  it.each<[string, () => PropertyDescriptorMap, string, (node: MockNode) => unknown]>([
    [
      'protocols',
      () => {
        const throwing = once(() => ['mock']);
        let asked = 0;
        // Option validation reads it first.
        return { protocols: { get: () => ((asked += 1) === 1 ? ['mock'] : throwing()) } };
      },
      'transport.protocols',
      ignore,
    ],
    [
      'endpoints',
      () => ({ endpoints: { get: once(() => []) } }),
      'transport.endpoints',
      ({ router }) => router.addresses,
    ],
    ['close', () => ({ close: { value: once(ignore) } }), 'transport.close', (node) => node.stop()],
    [
      'the teardown of incoming$',
      () => ({ incoming$: { value: new Observable(() => once(ignore)) } }),
      'transport.incoming$',
      (node) => node.stop(),
    ],
    [
      'the teardown of a dial',
      () => ({ dial: { value: () => new Observable(() => once(ignore)) } }),
      'transport.dial',
      (node) => node.stop(),
    ],
    [
      'toString',
      () => ({
        toString: { value: once(() => 'mock') },
        endpoints$: { value: endpointThenError$ },
      }),
      'transport.toString',
      ignore,
    ],
  ])('%s', async (name, changes, callback, act) => {
    const node = withTransport(changes());
    if (name !== 'the teardown of incoming$') expectAlive(node);
    act(node);
    expect(failedAt(node)).toEqual([callback]);
    await node.router.stop();
    expect(await unhandled()).toEqual([]);
  });

  it('dial: redials the address', async () => {
    const node = new MockNode({ peers: { addresses: [address], retryJitterMs: 0 } });
    node.transport.answer = once(() => NEVER);
    node.start();
    expect(node.codes('dial-failed')).toEqual(['RXMESH_DIAL_FAILED']);
    node.clock.advance(250);
    expect(node.transport.dials).toHaveLength(2);
    node.stop();
    expect(await unhandled()).toEqual([]);
  });

  it('endpoints$ that errors once it is listening', async () => {
    const transport = new MockTransport();
    Object.defineProperty(transport, 'endpoints$', { value: endpointThenError$ });
    const node = new MockNode({ transports: [transport] });
    node.transport.incoming.subscribe(transport.incoming);
    node.start();
    expect(node.codes('transport-failed')).toEqual(['RXMESH_LISTEN_FAILED']);
    expectAlive(node);
    node.stop();
    expect(await unhandled()).toEqual([]);
  });

  it.each<[string, () => Partial<Connection>]>([
    ['close', () => ({ close: once(ignore) })],
    ['handshake', () => ({ handshake: once(() => NEVER) })],
  ])('%s of a connection', async (name, changes) => {
    const node = new MockNode();
    node.start();
    const broken = Object.assign(
      new MockConnection(
        'inbound',
        throwError(() => new Error('bad')),
      ),
      changes(),
    );
    node.transport.incoming.next(broken);
    expect(node.codes('connection-refused')).toEqual(['RXMESH_HANDSHAKE_FAILED']);
    expect(failedAt(node)).toEqual(name === 'close' ? ['connection.close'] : []);
    expectAlive(node);
    node.stop();
    expect(await unhandled()).toEqual([]);
  });

  it.each(['attach', 'accept', 'data', 'flush', 'ping'] as const)(
    '%s of a link: the connection ends with RXMESH_CONNECTION_FAILED',
    async (name) => {
      const node = new MockNode({ keepAlive: { intervalMs: 10, timeoutMs: 100_000 } });
      const channel = node.router.openChannel({ id: 7, codec: json<string>() });
      node.start();
      const link = node.link('inbound');
      const isEarly = name === 'attach' || name === 'accept';
      if (isEarly) Object.assign(link, { [name]: once(ignore) });
      node.arrive(of(link));
      if (!isEarly) {
        Object.assign(link, { [name]: once(ignore) });
        link.receiver?.credit(7, 9, 999);
        channel.out.next({ broadcast: true, message: 'hello' });
        node.clock.advance(10);
      }
      const codes = node.events.flatMap((event) => ('error' in event ? [event.error] : []));
      expect(codes).toEqual([
        expect.objectContaining({ code: 'RXMESH_CONNECTION_FAILED', peer: node.peer.id }),
      ]);
      expect(link.isEnded).toBe(true);
      expectAlive(node);
      node.stop();
      expect(await unhandled()).toEqual([]);
    },
  );

  it('close of a link: its session still ends, and so does the router', async () => {
    const node = new MockNode();
    node.start();
    const link = Object.assign(node.link('inbound'), { close: once(ignore) });
    node.arrive(of(link));
    void node.router.stop();
    expect(node.updates.at(-1)).toBe(`down ${node.peer.id}`);
    node.clock.advance(5_000);
    await node.router.stop();
    expect(await unhandled()).toEqual([]);
  });
});
