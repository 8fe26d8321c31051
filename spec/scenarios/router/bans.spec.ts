import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import type { Endpoint } from '../../../lib/index.ts';
import { MockNode } from '../../support/mock-node.ts';
import { MockConnection } from '../../support/mock-transport.ts';
import { trackLeaks } from '../../support/leaks.ts';

const from = (ip: string): Endpoint => ({ protocol: 'mock', ip, port: 1 });

describe('S-07 a ban', () => {
  it('of an IP range closes its connections before any handshake until the ban ends', () => {
    const node = new MockNode();
    node.start();
    node.router.peers.ban({ ip: '203.0.113.0/24', forMs: 60_000 });
    const [banned, welcome] = [
      node.arrive(undefined, from('203.0.113.7')),
      node.arrive(undefined, from('203.0.114.7')),
    ];
    expect([banned.closed, banned.handshakes]).toEqual([true, 0]);
    expect([welcome.closed, welcome.handshakes]).toEqual([false, 1]);
    expect(node.events.filter(({ type }) => type === 'connection-refused')).toEqual([
      {
        type: 'connection-refused',
        direction: 'inbound',
        remote: from('203.0.113.7'),
        error: expect.objectContaining({
          code: 'RXMESH_PEER_BANNED',
          message: '203.0.113.7 is banned',
        }),
      },
    ]);
    node.clock.advance(60_000);
    expect(node.arrive(undefined, from('203.0.113.7')).handshakes).toBe(1);
    node.stop();
  });

  it('of an IP leaves the rate limits of other hosts alone and can be lifted by unban', () => {
    const limits = { connectionsPerSecond: 2, connectionsPerSecondPerHost: 2 };
    const node = new MockNode({ limits });
    node.start();
    node.router.peers.ban({ ip: '203.0.113.7' });
    for (let count = 0; count < 100; count += 1) node.arrive(undefined, from('203.0.113.7'));
    expect(node.arrive(undefined, from('203.0.114.7')).handshakes).toBe(1);
    expect(new Set(node.codes('connection-refused'))).toEqual(new Set(['RXMESH_PEER_BANNED']));
    expect(node.router.peers.unban({ ip: '203.0.113.7' })).toBe(true);
    expect(node.arrive(undefined, from('203.0.113.7')).handshakes).toBe(1);
    node.stop();
  });

  it('of an IP disconnects its peer and refuses one whose handshake ends after the ban', () => {
    const node = new MockNode();
    node.start();
    const remote = from('203.0.113.7');
    const link = node.link('inbound', { remote });
    node.arrive(of(link), remote);
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    node.router.peers.ban({ ip: remote.ip ?? '' });
    expect(link.closedFor).toBe('evicted');
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
    const late = node.link('inbound', { remote });
    node.arrive(of(late), from('203.0.114.7'));
    expect(late.closedFor).toBe('refused');
    expect(node.codes('connection-refused')).toEqual(['RXMESH_PEER_BANNED']);
    node.stop();
  });

  it('of an ID disconnects the peer and refuses it until the ban ends', () => {
    const node = new MockNode();
    node.start();
    node.arrive(of(node.link('inbound')));
    node.router.peers.ban({ id: node.peer.id, forMs: 60_000 });
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
    const refused = node.link('inbound');
    node.arrive(of(refused));
    expect(refused.closedFor).toBe('refused');
    node.clock.advance(60_000);
    node.arrive(of(node.link('inbound')));
    expect(node.updates.at(-1)).toBe(`up ${node.peer.id}`);
    node.stop();
  });

  it('of an IP prevents the handshake with a peer dialed there', () => {
    const node = new MockNode({ peers: { retryMinMs: 0 } });
    node.start();
    const dialed: MockConnection[] = [];
    node.transport.answer = (endpoint) => {
      const connection = new MockConnection('outbound', undefined, endpoint);
      dialed.push(connection);
      return of(connection);
    };
    node.router.peers.ban({ ip: '203.0.113.7' });
    node.router.peers.add(`mock://${node.peer.id}@203.0.113.7:1`);
    node.clock.advance(0);
    expect(node.codes('dial-failed')).toEqual(['RXMESH_PEER_BANNED']);
    expect(dialed.every(({ handshakes, closed }) => handshakes === 0 && closed)).toBe(true);
    node.stop();
  });

  it('by report also covers the host if `banHosts` is set', () => {
    const node = new MockNode({ peers: { banHosts: true, banMs: 60_000 } });
    const channel = node.router.openChannel({
      id: 2,
      codec: { encode: () => new Uint8Array(0), decode: () => 0 },
    });
    node.start();
    const remote = from('203.0.113.7');
    node.arrive(of(node.link('inbound', { remote })), remote);
    channel.reports.next({ peer: node.peer.id, severity: 'ban', reason: 'enough' });
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
    expect(node.arrive(undefined, remote).handshakes).toBe(0);
    node.clock.advance(60_000);
    expect(node.arrive(undefined, remote).handshakes).toBe(1);
    node.stop();
  });
});

trackLeaks();
