import { describe, expect, it } from '@jest/globals';
import { concat, defer, Observable, of, throwError } from 'rxjs';
import { RxmeshError } from '../../../lib/index.ts';
import { uncheckedNodeId } from '../../../lib/model/node-id.ts';
import { MockNode, identityOf } from '../../support/mock-node.ts';
import { MockConnection, MockTransport, nodeInfoOf } from '../../support/mock-transport.ts';
import { trackLeaks } from '../../support/leaks.ts';

/** Completes after one turn of the clock. */
const turnOf = (node: MockNode): Observable<never> =>
  new Observable((subscriber) => node.clock.schedule(() => subscriber.complete(), 0));

describe('accepting peers', () => {
  it('R-25 a valid handshake brings the peer up', () => {
    const node = new MockNode();
    node.start();
    const link = node.link('inbound');
    const connection = node.arrive(of(link));
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    expect(connection.closed).toBe(false);
    expect(link.written.slice(-2)).toEqual(['credit 1 64 4194304', 'accept']);
    node.stop();
    expect(link.closedFor).toBe('done');
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
  });

  it.each([
    {
      name: 'R-26 an empty node info and an empty key',
      code: 'RXMESH_NODE_INFO_INVALID',
      peer: () => ({
        nodeInfo: nodeInfoOf(identityOf(2), { nodeId: uncheckedNodeId('') }),
        publicKey: new Uint8Array(),
      }),
    },
    {
      name: 'R-26 an empty key',
      code: 'RXMESH_KEY_INVALID',
      peer: () => ({ publicKey: new Uint8Array() }),
    },
    {
      name: 'R-27 a key that does not match the node ID',
      code: 'RXMESH_IDENTITY_MISMATCH',
      peer: () => ({ publicKey: identityOf(3).publicKey }),
    },
    {
      name: 'R-28 our own ID and key',
      code: 'RXMESH_SELF_CONNECTION',
      peer: () => ({ nodeInfo: nodeInfoOf(identityOf(1)), publicKey: identityOf(1).publicKey }),
    },
  ])('$name: closes the connection immediately, and no peer comes up', ({ code, peer }) => {
    const node = new MockNode();
    node.start();
    const link = node.link('inbound', peer());
    const connection = node.arrive(of(link));
    expect(connection.closed).toBe(true);
    expect(link.closedFor).toBe('refused');
    expect(link.written).toEqual([]);
    expect(node.codes('connection-refused')).toEqual([code]);
    expect(node.updates).toEqual([]);
    node.stop();
  });

  it('R-29 an accepted connection that fails takes its peer down, and the router still stops', () => {
    const node = new MockNode();
    node.start();
    const link = node.link('inbound');
    node.arrive(of(link));
    const error = new RxmeshError('RXMESH_CONNECTION_FAILED', 'end of file');
    link.end(error);
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
    expect(node.events.at(-1)).toMatchObject({ type: 'peer-down', error });
    expect(node.router.snapshot().peers).toEqual([]);
    node.stop();
    expect(node.transport.closed).toBe(true);
  });

  it('R-30 reports a failed handshake and keeps accepting', () => {
    const node = new MockNode();
    node.start();
    const broken = node.arrive(throwError(() => new Error('reset by peer')));
    expect(broken.closed).toBe(true);
    expect(node.codes('connection-refused')).toEqual(['RXMESH_HANDSHAKE_FAILED']);
    node.arrive(of(node.link('inbound')));
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    expect(node.transport.accepts).toBe(1);
    node.stop();
  });

  it('R-30, B-20 reports a failed transport and keeps the others running', () => {
    const other = new MockTransport(['other']);
    const mock = new MockTransport();
    const node = new MockNode({ transports: [other, mock] });
    node.start();
    other.incoming.error(new RxmeshError('RXMESH_CONNECTION_FAILED', 'the interface is gone'));
    expect(node.codes('transport-failed')).toEqual(['RXMESH_CONNECTION_FAILED']);
    const link = node.link('inbound');
    node.transport.incoming.subscribe(mock.incoming);
    node.arrive(of(link));
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    expect(other.accepts).toBe(1);
    node.stop();
    expect([mock.live, other.live]).toEqual([0, 0]);
  });

  it('L-31, R-30, B-20 retries a failed transport with a delay that doubles up to a minute', () => {
    const transport = new MockTransport();
    const error = new RxmeshError('RXMESH_CONNECTION_FAILED', 'the interface is gone');
    const askedAtMs: number[] = [];
    let isBroken = true;
    Object.defineProperty(transport, 'incoming$', {
      value: defer(() => {
        askedAtMs.push(node.clock.now());
        // It starts to listen and fails in the next turn.
        return isBroken
          ? concat(
              turnOf(node),
              throwError(() => error),
            )
          : node.transport.incoming$;
      }),
    });
    const node = new MockNode({ transports: [transport] });
    node.start();
    node.clock.advance(1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 32_000 + 60_000);
    expect(askedAtMs).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 123_000]);
    expect(node.codes('transport-failed')).toEqual(
      Array<string>(8).fill('RXMESH_CONNECTION_FAILED'),
    );
    isBroken = false;
    node.clock.advance(60_000);
    node.arrive(of(node.link('inbound')));
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    node.transport.incoming.complete();
    node.clock.advance(600_000);
    expect(askedAtMs).toHaveLength(9);
    node.stop();
  });

  it('L-31 a stopping router does not wait for transports', () => {
    const node = new MockNode();
    node.start();
    node.transport.incoming.error(new RxmeshError('RXMESH_CONNECTION_FAILED', 'gone'));
    node.clock.advance(999);
    node.stop();
    expect(node.transport.accepts).toBe(1);
  });

  it('R-31 a transport that completes is not retried and raises no event', () => {
    const node = new MockNode();
    node.start();
    node.transport.incoming.complete();
    node.clock.advance(60_000);
    expect(node.transport.accepts).toBe(1);
    expect(node.events).toEqual([]);
    node.stop();
  });

  it('R-32 hung handshakes run in parallel and end with the router', () => {
    const node = new MockNode({ timeouts: { handshakeMs: 0 } });
    node.start();
    const connections = [node.arrive(), node.arrive(), node.arrive()];
    expect(connections.map(({ handshakes }) => handshakes)).toEqual([1, 1, 1]);
    node.clock.advance(600_000);
    expect(connections.map(({ closed }) => closed)).toEqual([false, false, false]);
    node.stop();
    expect(connections.map(({ closed }) => closed)).toEqual([true, true, true]);
  });

  it('R-32 closes a connection immediately if it exceeds the limit on concurrent handshakes', () => {
    const node = new MockNode({ limits: { handshakes: 2 }, timeouts: { handshakeMs: 100 } });
    node.start();
    const connections = [node.arrive(), node.arrive(), node.arrive()];
    expect(connections.map(({ closed }) => closed)).toEqual([false, false, true]);
    expect(connections.map(({ handshakes }) => handshakes)).toEqual([1, 1, 0]);
    expect(node.codes('connection-refused')).toEqual(['RXMESH_TOO_MANY_HANDSHAKES']);
    node.clock.advance(100);
    expect(node.codes('connection-refused').slice(1)).toEqual(
      Array(2).fill('RXMESH_HANDSHAKE_TIMEOUT'),
    );
    node.arrive(of(node.link('inbound')));
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    node.stop();
  });

  it('B-22 limits concurrent handshakes per host, and those that ended no longer count', () => {
    const node = new MockNode({ timeouts: { handshakeMs: 400 } });
    node.start();
    const closedOf = (hosts: readonly number[]): string =>
      hosts
        .map((host) => node.arrive(undefined, { protocol: 'mock', ip: `192.0.2.${host}`, port: 1 }))
        .map(({ closed }) => Number(closed))
        .join('');
    expect(closedOf(Array<number>(9).fill(1))).toBe('000000001');
    expect(closedOf([2, 3, 1])).toBe('001');
    expect(node.codes('connection-refused')).toEqual(
      Array<string>(2).fill('RXMESH_TOO_MANY_HANDSHAKES'),
    );
    node.clock.advance(400);
    expect(closedOf(Array<number>(9).fill(1))).toBe('000000001');
    node.stop();
  });

  it('closes and reports each connection beyond the limit per second', () => {
    const limits = { connectionsPerSecond: 3, connectionsPerSecondPerHost: 4 };
    const node = new MockNode({ limits });
    node.start();
    const connections = Array.from({ length: 4 }, () => node.arrive());
    expect(connections.map(({ handshakes }) => handshakes)).toEqual([1, 1, 1, 0]);
    expect(connections.map(({ closed }) => closed)).toEqual([false, false, false, true]);
    expect(node.events.find(({ type }) => type === 'connection-refused')).toMatchObject({
      direction: 'inbound',
      remote: connections[3]?.remote,
      error: { code: 'RXMESH_TOO_MANY_CONNECTIONS', message: 'more than 3 connections per second' },
    });
    node.clock.advance(334);
    node.arrive(of(node.link('inbound')));
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    node.stop();
  });

  it('B-22 limits one host to half of that rate, at no cost to other hosts', () => {
    const node = new MockNode({ limits: { connectionsPerSecond: 7 } });
    node.start();
    const from = (ip: string, port: number): MockConnection =>
      node.arrive(undefined, { protocol: 'mock', ip, port });
    const greedy = Array.from({ length: 20 }, (_, port) => from('192.0.2.1', port + 1));
    const neighbours = Array.from({ length: 3 }, (_, n) => from(`2001:db8::${n + 1}`, 1));
    expect(greedy.map(({ handshakes }) => handshakes).join('')).toBe(`1111${'0'.repeat(16)}`);
    expect(greedy.every(({ closed, handshakes }) => closed === (handshakes === 0))).toBe(true);
    expect(neighbours.map(({ handshakes }) => handshakes)).toEqual([1, 1, 1]);
    expect(node.events.find(({ type }) => type === 'connection-refused')).toMatchObject({
      error: {
        code: 'RXMESH_TOO_MANY_CONNECTIONS',
        message: 'more than 4 connections per second from one host',
      },
    });
    // All seven are used up, so even a new host is refused.
    expect(from('198.51.100.7', 1).handshakes).toBe(0);
    node.clock.advance(143);
    expect([from('192.0.2.1', 30).handshakes, from('198.51.100.7', 2).handshakes]).toEqual([0, 1]);
    node.stop();
  });

  it('B-21 ends a handshake that takes too long, at the latest after 10 s, and frees its place', () => {
    const node = new MockNode({ limits: { handshakes: 1 } });
    node.start();
    const connection = node.arrive();
    node.clock.advance(9_999);
    expect([connection.closed, node.events]).toEqual([false, []]);
    node.clock.advance(1);
    expect(connection.closed).toBe(true);
    expect(node.codes('connection-refused')).toEqual(['RXMESH_HANDSHAKE_TIMEOUT']);
    node.arrive(of(node.link('inbound')));
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    node.stop();
  });

  it('drops a peer that does not accept in time', () => {
    const node = new MockNode({ timeouts: { handshakeMs: 100 } });
    node.start();
    const link = node.link('inbound', { accepts: false });
    node.arrive(of(link));
    node.clock.advance(99);
    expect(link.closedFor).toBeUndefined();
    node.clock.advance(1);
    expect(link.closedFor).toBe('refused');
    expect(node.codes('connection-refused')).toEqual(['RXMESH_HANDSHAKE_TIMEOUT']);
    expect(node.updates).toEqual([]);
    node.stop();
  });
});

trackLeaks();
