import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { type AdmitHooks, json, type NodeId } from '../../../lib/index.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';
import { expectIdle } from '../../support/leaks.ts';

/** Two nodes: the second dials the first, which has admission hooks. */
function setUp(admit: AdmitHooks): Simulation {
  const net = simulate({
    nodes: 2,
    latencyMs: 5,
    knows: (node, other) => node === 1 && other === 0,
    options: (node) => ({
      ...(node === 0 && { admit }),
      peers: { retryMinMs: 60_000, retryJitterMs: 0 },
    }),
  });
  net.openChannels({ id: 1, codec: json<string>() });
  net.launch();
  return net;
}

/** The log of both nodes, as `<node> <type> <code>`. */
function told(net: Simulation): string[] {
  return net.log.map(({ node, event }) => {
    const error = 'error' in event && event.error instanceof Error ? event.error : undefined;
    const code = error !== undefined && 'code' in error ? ` ${String(error.code)}` : '';
    return `${node} ${event.type}${code}`;
  });
}

function ended(net: Simulation): void {
  net.stop();
  expectIdle(net.clock.scheduler);
}

describe('admission, before and after the proof', () => {
  it('B-23 refuses a connection before any handshake', () => {
    const seen: unknown[] = [];
    const net = setUp({
      connection: (connection) => {
        seen.push(connection);
        return false;
      },
    });
    net.advance(1_000);
    const [one, other] = [net.node(0).id, net.node(1).id];
    expect(seen).toEqual([{ direction: 'inbound', remote: { protocol: 'memory', path: other } }]);
    expect(told(net)).toEqual([
      '0 connection-refused RXMESH_NOT_ADMITTED',
      '1 dial-failed RXMESH_PEER_REFUSED',
    ]);
    expect(net.node(0).up.has(other) || net.node(1).up.has(one)).toBe(false);
    ended(net);
  });

  it('B-24 decides on a peer by its ID, however late, and sends it the reason', () => {
    const verdict = new Subject<string>();
    const seen: (readonly [NodeId, string])[] = [];
    const net = setUp({
      peer: ({ id, nodeInfo, direction }) => {
        seen.push([id, `${direction} ${nodeInfo.network}`]);
        return verdict;
      },
    });
    net.advance(1_000);
    expect(told(net)).toEqual([]);
    expect(seen).toEqual([[net.node(1).id, 'inbound simulation']]);
    verdict.next('members only');
    net.advance(1_000);
    expect(told(net)).toEqual([
      '0 connection-refused RXMESH_NOT_ADMITTED',
      '1 connection-refused RXMESH_PEER_REFUSED',
    ]);
    const [, refused] = net.log.map(({ event }) => event);
    expect(refused).toMatchObject({ error: { message: expect.stringContaining('members only') } });
    ended(net);
  });

  it('lists refuse before the hooks are asked, by address before the proof and by ID after it', () => {
    const asked: string[] = [];
    const hooks: AdmitHooks = {
      connection: () => asked.push('connection') > 0,
      peer: () => asked.push('peer') > 0,
    };
    // Nodes in a memory network have no IP address, so no range has them.
    const byAddress = setUp({ ...hooks, allow: ['0.0.0.0/0'] });
    byAddress.advance(1_000);
    expect(told(byAddress)).toEqual([
      '0 connection-refused RXMESH_NOT_ADMITTED',
      '1 dial-failed RXMESH_PEER_REFUSED',
    ]);
    expect(asked).toEqual([]);
    const byId = setUp({ ...hooks, deny: [byAddress.node(1).id] });
    byId.advance(1_000);
    expect(told(byId)).toEqual([
      '0 connection-refused RXMESH_NOT_ADMITTED',
      '1 connection-refused RXMESH_PEER_REFUSED',
    ]);
    expect(asked).toEqual(['connection']);
    const welcome = setUp({ ...hooks, allow: [byAddress.node(1).id], deny: ['::/0'] });
    welcome.settle();
    expect(welcome.node(0).up.has(welcome.node(1).id)).toBe(true);
    expect(asked).toEqual(['connection', 'connection', 'peer']);
    for (const net of [byAddress, byId, welcome]) ended(net);
  });

  it('an admitted peer comes up', () => {
    const net = setUp({ connection: () => true, peer: ({ id }) => id.length === 40 });
    net.settle();
    expect(net.node(0).up.has(net.node(1).id)).toBe(true);
    ended(net);
  });

  it('a peer may open any number of channels while the verdict takes its time', () => {
    const verdict = new Subject<boolean>();
    const net = setUp({ peer: () => verdict });
    net.advance(100);
    for (let id = 2; id <= 100; id += 1) {
      net.node(1).router.openChannel({ id, codec: json<string>() });
      net.advance(10);
    }
    verdict.next(true);
    net.advance(100);
    expect(told(net).filter((event) => event.includes('refused'))).toEqual([]);
    expect(net.node(0).up.has(net.node(1).id)).toBe(true);
    ended(net);
  });

  it('applies to our own dials too', () => {
    const net = simulate({
      nodes: 2,
      knows: (node) => node === 1,
      options: (node) => (node === 1 ? { admit: { connection: () => 'stay in' } } : {}),
    });
    net.launch();
    net.advance(100);
    expect(told(net)).toEqual([
      '0 connection-refused RXMESH_PEER_REFUSED',
      '1 connection-refused RXMESH_NOT_ADMITTED',
    ]);
    ended(net);
  });

  it('refuses after timeoutMs without a verdict', () => {
    const net = setUp({ peer: () => new Promise(() => undefined), timeoutMs: 300 });
    net.advance(300);
    expect(told(net)).toEqual([]);
    net.advance(100);
    expect(told(net)).toEqual([
      '0 connection-refused RXMESH_NOT_ADMITTED',
      '1 connection-refused RXMESH_PEER_REFUSED',
    ]);
    ended(net);
  });

  it('stop closes connections that wait for a verdict', () => {
    const net = setUp({ connection: () => new Promise(() => undefined) });
    net.advance(100);
    void net.node(0).router.stop();
    net.advance(3_000);
    expect(told(net)).toContain('0 connection-refused RXMESH_CONNECTION_CLOSED');
    ended(net);
  });

  it.each([
    [{ admit: 5 }, 'admit must be an object, got 5'],
    [
      { admit: { allow: 'me', deny: [1] } },
      'admit.allow must be an array of node IDs, IP addresses or ranges, got "me"; ' +
        'admit.deny[0] must be a node ID, an IP address or a range, got 1',
    ],
    [{ admit: { peer: true } }, 'admit.peer must be a function, got true'],
    [{ admit: { peers: () => true } }, 'there is no option admit.peers (did you mean admit.peer?)'],
    [
      { admit: { timeoutMs: -1 } },
      'admit.timeoutMs must be an integer from 0 to 2147483647, got -1',
    ],
  ])('options: %j', (options, text) => {
    expect(() => simulate({ nodes: 1, options: () => options as never })).toThrow(text);
  });
});
