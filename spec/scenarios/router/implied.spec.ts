import { describe, expect, it } from '@jest/globals';
import { NEVER, of, throwError } from 'rxjs';
import { dial } from '../../../operators/index.ts';
import {
  json,
  parseNodeAddress,
  wrapped,
  type RxmeshError,
  type Transport,
} from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { drops, heard } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { MockNode, identityOf } from '../../support/mock-node.ts';
import { MockConnection, MockTransport } from '../../support/mock-transport.ts';

const peerId = identityOf(2).id;

describe('R implied by the code: a message that cannot be passed on is dropped, and the connection stays', () => {
  it('a message that fails to decode or unwrap', () => {
    const net = simulate({ nodes: 2 });
    const codec = wrapped(json<{ inner?: string }>(), {
      wrap: (inner: string) => ({ inner }),
      unwrap: ({ inner = '' }) => {
        if (inner === '') throw new TypeError('it carries nothing');
        return inner;
      },
    });
    const receiver = net.node(1).router.openChannel({ id: 1, codec });
    const sender = net.node(0).router.openChannel({ id: 1, codec: json<unknown>() });
    net.start();
    const texts = heard(net, receiver);
    sender.out.next({ broadcast: true, message: { inner: '' } });
    sender.out.next({ broadcast: true, message: null });
    sender.out.next({ broadcast: true, message: { inner: 'good' } });
    net.advance(0);
    expect(texts).toEqual(['0: good']);
    expect(drops(net)).toEqual(Array(2).fill('1 inbound 1 decode-failed'));
    expect(net.node(0).up.size).toBe(1);
    net.stop();
  });

  it('a message on a channel that the peer does not have is never sent', () => {
    const net = simulate({ nodes: 2 });
    net.openChannels({ id: 1, codec: json<string>() });
    const own = net.node(0).router.openChannel({ id: 2, codec: json<string>() });
    net.start();
    own.out.next({ to: net.node(1).id, message: 'x' });
    own.out.next({ broadcast: true, message: 'x' });
    net.advance(1_000);
    expect(drops(net)).toEqual(['0 outbound 2 channel-not-open', '0 outbound 2 no-recipient']);
    expect(net.node(0).up.size).toBe(1);
    net.stop();
  });
});

describe('R implied by the code: stop', () => {
  it('closes transports first, then waits for lanes to empty, then closes links', () => {
    const node = new MockNode();
    const channel = node.router.openChannel({ id: 2, codec: json<string>() });
    node.start();
    const link = node.link('inbound');
    node.arrive(of(link));
    link.receiver?.credit(2, 1, 1000);
    channel.out.next({ to: node.peer.id, message: 'one' });
    channel.out.next({ to: node.peer.id, message: 'two' });
    node.clock.advance(0);

    void node.router.stop();
    expect(node.transport.closed).toBe(true);
    expect(node.transport.live).toBe(0);
    node.clock.advance(500);
    expect(link.closedFor).toBeUndefined();

    link.receiver?.credit(2, 1, 1000);
    node.clock.advance(10);
    expect(link.written.filter((packet) => packet.startsWith('data'))).toHaveLength(2);
    expect(link.closedFor).toBe('done');
    node.stop();
    expect(node.events.some(({ type }) => type === 'message-dropped')).toBe(false);
  });

  it('waits for lanes no longer than drainMs and reports what is lost', () => {
    const node = new MockNode({ timeouts: { drainMs: 300 } });
    const channel = node.router.openChannel({ id: 2, codec: json<string>() });
    node.start();
    const link = node.link('inbound');
    node.arrive(of(link));
    link.receiver?.credit(2, 0, 1000);
    channel.out.next({ to: node.peer.id, message: 'one' });
    void node.router.stop();
    node.clock.advance(299);
    expect(link.closedFor).toBeUndefined();
    node.clock.advance(10);
    expect(link.closedFor).toBe('done');
    expect(node.events).toContainEqual(
      expect.objectContaining({ type: 'message-dropped', reason: 'node-stopped', count: 1 }),
    );
    node.stop();
  });
});

describe('R implied by the code: each step has a timeout, and 0 disables it', () => {
  const addresses = [`mock:${peerId}`];

  it.each([0, 100])('resolving, timeout %i ms', (resolveTimeoutMs) => {
    const node = new MockNode();
    const failures: string[] = [];
    const subscription = of(parseNodeAddress(`mock:${peerId}`))
      .pipe(
        dial({
          transports: [node.transport],
          clock: node.clock,
          resolve: () => NEVER,
          resolveTimeoutMs,
          onFailure: (error: RxmeshError) => failures.push(error.code),
        }),
      )
      .subscribe();
    node.clock.advance(99);
    expect(failures).toEqual([]);
    node.clock.advance(1_000_000);
    expect(failures).toEqual(resolveTimeoutMs === 0 ? [] : ['RXMESH_RESOLVE_TIMEOUT']);
    expect(node.transport.dials).toEqual([]);
    subscription.unsubscribe();
    expectIdle(node.clock.scheduler);
  });

  it.each([0, 100])('dialing, timeout %i ms', (dialMs) => {
    const node = new MockNode({ timeouts: { dialMs }, peers: { addresses, retryMinMs: 0 } });
    node.start();
    node.clock.advance(99);
    expect(node.codes('dial-failed')).toEqual([]);
    node.clock.advance(1_000_000);
    expect(node.codes('dial-failed')).toEqual(dialMs === 0 ? [] : ['RXMESH_DIAL_TIMEOUT']);
    expect(node.transport.live).toBe(dialMs === 0 ? 2 : 1);
    node.stop();
  });

  it.each([0, 100])('the handshake, timeout %i ms', (handshakeMs) => {
    const node = new MockNode({ timeouts: { handshakeMs }, peers: { addresses, retryMinMs: 0 } });
    const connections = node.answerWith();
    node.start();
    node.clock.advance(99);
    expect(node.codes('dial-failed')).toEqual([]);
    node.clock.advance(1_000_000);
    expect(node.codes('dial-failed')).toEqual(
      handshakeMs === 0 ? [] : ['RXMESH_HANDSHAKE_TIMEOUT'],
    );
    expect(connections.map(({ closed }) => closed)).toEqual([handshakeMs !== 0]);
    node.stop();
  });
});

describe('R implied by the code: dialing', () => {
  it('uses the first transport that supports the protocol', () => {
    const [other, first, second] = [['other'], ['x', 'mock'], ['mock']].map(
      (protocols) => new MockTransport(protocols),
    );
    const transports = [other, first, second].filter((one) => one !== undefined);
    const node = new MockNode({
      transports: transports satisfies Transport[],
      peers: { addresses: [`mock:${peerId}`] },
    });
    node.start();
    expect(transports.map(({ dials }) => dials.length)).toEqual([0, 1, 0]);
    node.stop();
  });

  it('rejects an address immediately, by name, if no transport dials it', () => {
    const address = `http://${peerId}@localhost:80`;
    const fault = `no transport dials "${address}"; the protocols are mock`;
    for (const peers of [{ addresses: [address] }, { persistent: [address] }]) {
      const [name] = Object.keys(peers);
      expect(() => new MockNode({ peers })).toThrow(`createRouter: peers.${name}: ${fault}`);
    }
    const node = new MockNode();
    expect(() => node.router.peers.add(address)).toThrow(
      expect.objectContaining({ code: 'RXMESH_PROTOCOL_UNKNOWN', message: `peers.add: ${fault}` }),
    );
    node.stop();
  });

  it('tries the endpoints of an address in turn until one answers', () => {
    const node = new MockNode({ peers: { addresses: [`mock://${peerId}@localhost:1`] } });
    const link = node.link('outbound');
    node.transport.answer = ({ ip }) =>
      ip === '127.0.0.1'
        ? throwError(() => new Error('nobody there'))
        : of(new MockConnection('outbound', of(link)));
    node.start();
    expect(node.transport.dials.map(({ ip }) => ip)).toEqual(['127.0.0.1', '::1']);
    expect(node.codes('dial-failed')).toEqual([]);
    expect(node.updates).toEqual([`up ${peerId}`]);
    node.stop();
  });
});
