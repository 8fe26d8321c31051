import { describe, expect, it } from '@jest/globals';
import { NEVER, of, throwError } from 'rxjs';
import { RxmeshError } from '../../../lib/index.ts';
import { uncheckedNodeId } from '../../../lib/model/node-id.ts';
import { MockNode, identityOf } from '../../support/mock-node.ts';
import { MockConnection, nodeInfoOf } from '../../support/mock-transport.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { size } from '../../support/runs.ts';

const address = `mock:${identityOf(2).id}`;
/** Disables automatic redials. */
const once = { peers: { retryMinMs: 0, addresses: [address] } };

describe('dialing peers', () => {
  it('R-33 dials a known address once, and its peer comes up', () => {
    const node = new MockNode(once);
    const link = node.link('outbound');
    const connections = node.answerWith(of(link));
    node.start();
    node.clock.advance(60_000);
    expect(node.transport.dials).toEqual([{ protocol: 'mock', path: node.peer.id }]);
    expect(connections.map(({ handshakes, closed }) => ({ handshakes, closed }))).toEqual([
      { handshakes: 1, closed: false },
    ]);
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    node.stop();
    expect(link.closedFor).toBe('done');
  });

  it.each([
    {
      name: 'R-34 an empty node info',
      code: 'RXMESH_NODE_INFO_INVALID',
      peer: () => ({
        nodeInfo: nodeInfoOf(identityOf(2), { nodeId: uncheckedNodeId('') }),
        publicKey: new Uint8Array(),
      }),
    },
    {
      name: 'R-35 a key that does not match the node ID',
      code: 'RXMESH_IDENTITY_MISMATCH',
      peer: () => ({ publicKey: identityOf(3).publicKey }),
    },
    {
      name: 'R-36 a node with a different ID than the one dialed',
      code: 'RXMESH_IDENTITY_MISMATCH',
      peer: () => ({ nodeInfo: nodeInfoOf(identityOf(3)), publicKey: identityOf(3).publicKey }),
    },
  ])('$name: closes the connection, and no peer comes up', ({ code, peer }) => {
    const node = new MockNode(once);
    const link = node.link('outbound', peer());
    const connections = node.answerWith(of(link));
    node.start();
    node.clock.advance(60_000);
    expect(connections.map(({ closed }) => closed)).toEqual([true]);
    expect(link.closedFor).toBe('refused');
    expect(node.codes('dial-failed')).toEqual([code]);
    expect(node.updates).toEqual([]);
    node.stop();
  });

  it('R-37 reports a failed dial and retries it later, without a handshake', () => {
    const node = new MockNode({ peers: { addresses: [address], retryMinMs: 100 } });
    node.transport.answer = () => throwError(() => new RxmeshError('RXMESH_DIAL_FAILED', 'no'));
    node.start();
    expect(node.codes('dial-failed')).toEqual(['RXMESH_DIAL_FAILED']);
    node.clock.advance(99);
    expect(node.transport.dials).toHaveLength(1);
    node.clock.advance(1);
    expect(node.transport.dials).toHaveLength(2);
    node.clock.advance(199);
    expect(node.transport.dials).toHaveLength(2);
    const connections = node.answerWith(of(node.link('outbound')));
    node.clock.advance(1);
    expect(connections).toHaveLength(1);
    expect(node.updates).toEqual([`up ${node.peer.id}`]);
    node.stop();
  });

  it('R-38 redials a dialed connection that fails', () => {
    const node = new MockNode({ peers: { addresses: [address], disconnectCooldownMs: 500 } });
    const link = node.link('outbound');
    node.answerWith(of(link));
    node.start();
    node.answerWith(of(node.link('outbound')));
    link.end(new RxmeshError('RXMESH_CONNECTION_FAILED', 'end of file'));
    node.clock.advance(499);
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
    node.clock.advance(1);
    expect(node.updates.slice(2)).toEqual([`up ${node.peer.id}`]);
    expect(node.transport.dials).toHaveLength(2);
    node.stop();
  });

  it('B-21 ends a handshake that takes too long, and dials again later', () => {
    const node = new MockNode({
      peers: { addresses: [address], retryMinMs: 1_000 },
      timeouts: { handshakeMs: 300 },
    });
    const connections = node.answerWith();
    node.start();
    node.clock.advance(299);
    expect(connections.map(({ closed }) => closed)).toEqual([false]);
    node.clock.advance(1);
    expect(connections.map(({ closed }) => closed)).toEqual([true]);
    expect(node.codes('dial-failed')).toEqual(['RXMESH_HANDSHAKE_TIMEOUT']);
    node.clock.advance(999);
    expect(connections).toHaveLength(1);
    node.clock.advance(1);
    expect(connections).toHaveLength(2);
    node.stop();
  });

  it('R-39 hung handshakes run in parallel and end with the router', () => {
    const addresses = [2, 3, 4].map((seed) => `mock:${identityOf(seed).id}`);
    const node = new MockNode({ peers: { addresses }, timeouts: { handshakeMs: 0 } });
    const connections = node.answerWith();
    node.start();
    expect(connections.map(({ handshakes }) => handshakes)).toEqual([1, 1, 1]);
    node.clock.advance(600_000);
    expect(connections.map(({ closed }) => closed)).toEqual([false, false, false]);
    node.stop();
    expect(connections.map(({ closed }) => closed)).toEqual([true, true, true]);
  });

  it('R-39 limits concurrent dials', () => {
    const addresses = [2, 3, 4].map((seed) => `mock:${identityOf(seed).id}`);
    const node = new MockNode({
      peers: { addresses, maxDialing: 2, retryMinMs: 0 },
      timeouts: { dialMs: 1_000 },
    });
    node.start();
    expect(node.transport.dials).toHaveLength(2);
    expect(node.transport.live).toBe(3);
    node.clock.advance(999);
    expect(node.transport.dials).toHaveLength(2);
    node.clock.advance(1);
    expect(node.transport.dials).toHaveLength(3);
    expect(node.codes('dial-failed')).toEqual(['RXMESH_DIAL_TIMEOUT', 'RXMESH_DIAL_TIMEOUT']);
    node.stop();
  });
});

describe('dialing persistent peers', () => {
  const portsOf = (node: MockNode): (number | undefined)[] =>
    node.transport.dials.map(({ port }) => port);
  const hour = 3_600_000;

  it('continues while strangers could take every outbound slot', () => {
    const [down, stranger] = [identityOf(3).id, identityOf(2).id];
    const node = new MockNode({
      peers: {
        maxOutbound: 1,
        persistent: [`mock://${down}@127.0.0.1:1`],
        addresses: [`mock://${stranger}@127.0.0.1:2`],
        retryJitterMs: 0,
      },
    });
    node.transport.answer = ({ port }) =>
      port === 1
        ? throwError(() => new RxmeshError('RXMESH_DIAL_FAILED', 'down'))
        : of(new MockConnection('outbound', of(node.link('outbound'))));
    node.start();
    const hours = size(24, 6);
    node.clock.advance(hours * hour);
    // Once the backoff has grown to its maximum, it dials every five minutes.
    expect(portsOf(node).filter((port) => port === 1).length).toBeGreaterThan(hours * 10);
    node.stop();
  });

  it('an address that never answers does not keep another one from being dialed', () => {
    const [dead, alive] = [identityOf(3).id, identityOf(2).id];
    let drawn = 0;
    const node = new MockNode({
      // The dead peer ranks first.
      random: () => (drawn += 0.001) % 1,
      peers: {
        maxDialing: 1,
        retryMaxPersistentMs: 5_000,
        retryJitterMs: 0,
        persistent: [
          `mock://${dead}@127.0.0.1:1`,
          `mock://${dead}@127.0.0.1:2`,
          `mock://${alive}@127.0.0.1:3`,
        ],
      },
    });
    node.transport.answer = ({ port }) =>
      port === 3 ? of(new MockConnection('outbound', of(node.link('outbound')))) : NEVER;
    node.start();
    node.clock.advance(60_000);
    expect(node.updates).toEqual([`up ${alive}`]);
    node.stop();
  });

  it('frees one dial slot, not two, when the peer refuses after its claim: the next dial continues', () => {
    const { id } = identityOf(2);
    const node = new MockNode({
      peers: {
        addresses: [`mock://${id}@127.0.0.1:1`, `mock://${id}@127.0.0.1:2`],
        disconnectCooldownMs: 0,
        maxDialing: 1,
        retryJitterMs: 0,
      },
    });
    node.transport.answer = ({ port }) => {
      if (port !== 1) return NEVER;
      const link = node.link('outbound', { accepts: false });
      node.clock.schedule(() => link.end(new RxmeshError('RXMESH_PEERS_FULL', 'full')), 1);
      return of(new MockConnection('outbound', of(link)));
    };
    node.start();
    node.clock.advance(4_000);
    expect(portsOf(node)).toEqual([1, 2]);
    expect(node.codes('connection-refused')).toEqual(['RXMESH_PEERS_FULL']);
    expect(node.codes('dial-failed')).toEqual([]);
    node.stop();
  });
});

trackLeaks();
