import { describe, expect, it } from '@jest/globals';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import { at, Bench, codeOf, failure, id, self } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('PeerManager: dialed', () => {
  it('PM-31 refuses a second outbound link', () => {
    const { manager } = new Bench().add(at('a'));
    manager.dialed(at('a'));
    expect(codeOf(() => manager.dialed(at('a')))).toBe('RXMESH_DUPLICATE_CONNECTION');
    manager.ready(id('a'), 'outbound');
    expect(codeOf(() => manager.dialed(at('a')))).toBe('RXMESH_DUPLICATE_CONNECTION');
  });

  it('PM-32 refuses a peer that became ready inbound meanwhile, but not one that is still pending', () => {
    const bench = new Bench().add(at('a'), at('b')).dial();
    bench.accept('a');
    expect(codeOf(() => bench.manager.dialed(at('a')))).toBe('RXMESH_DUPLICATE_CONNECTION');
    bench.manager.accepted(id('b'));
    expect(codeOf(() => bench.manager.dialed(at('b')))).toBeUndefined();
  });

  it('PM-33 refuses our own id', () => {
    const { manager } = new Bench();
    expect(codeOf(() => manager.add(at('0')))).toBe('RXMESH_SELF_CONNECTION');
    expect(codeOf(() => manager.dialed(at('0')))).toBe('RXMESH_SELF_CONNECTION');
  });

  it('PM-34 accepts a peer that was not handed out; the one that was then finds no slot', () => {
    const bench = new Bench({ maxConnected: 1 }).add(at('a')).dial();
    bench.add(at('b'));
    bench.manager.dialed(at('b'));
    expect(codeOf(() => bench.manager.dialed(at('a')))).toBe('RXMESH_PEERS_FULL');
    expect(bench.manager.peers()).toContainEqual(
      expect.objectContaining({ id: id('a'), isDialing: false, links: [] }),
    );
  });

  it('PM-36 rejects an unknown peer, which is a mistake of the caller', () => {
    const { manager } = new Bench();
    expect(() => manager.dialed(at('a'))).toThrow(RangeError);
    expect(manager.peers()).toEqual([]);
  });

  it('treats an outbound link that ends before it is ready as a failed dial', () => {
    const bench = new Bench({ retryMinMs: 1000, disconnectCooldownMs: 0 }).add(at('a')).dial();
    for (const waitMs of [1000, 2000, 4000]) {
      bench.manager.dialed(at('a'));
      bench.manager.disconnected(id('a'), 'outbound', failure('RXMESH_PEERS_FULL'));
      bench.newDials();
      bench.time.advance(waitMs - 1);
      expect(bench.newDials()).toEqual([]);
      bench.time.advance(1);
      expect(bench.newDials()).toEqual(['a@host-a']);
    }
  });

  it('B-11 marks a peer that refuses this node as incompatible', () => {
    const bench = new Bench({ incompatibleMs: 60_000 }).add(at('a')).dial();
    bench.manager.dialed(at('a'));
    bench.manager.disconnected(id('a'), 'outbound', failure('RXMESH_INCOMPATIBLE'));
    bench.newDials();
    bench.time.advance(59_999);
    expect(bench.newDials()).toEqual([]);
  });

  it('forgets failures of an address once a connection to it is ready', () => {
    const bench = new Bench({ retryMinMs: 60_000 }).add(at('a'), at('a', 'x')).dial();
    bench.manager.dialFailed(at('a'), failure());
    bench.manager.dialFailed(at('a', 'x'), failure());
    bench.time.advance(60_000);
    bench.manager.dialed(at('a'));
    bench.manager.ready(id('a'), 'outbound');
    bench.newDials();
    expect(bench.manager.peers()).toEqual([expect.objectContaining({ score: -1 })]);
    bench.manager.disconnected(id('a'), 'outbound');
    bench.time.advance(2000);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });
});

describe('PeerManager: accepted', () => {
  it('PM-40 refuses our own id and accepts a known peer once', () => {
    const { manager } = new Bench().add(at('a'));
    expect(codeOf(() => manager.accepted(self))).toBe('RXMESH_SELF_CONNECTION');
    manager.accepted(id('a'));
    expect(codeOf(() => manager.accepted(id('a')))).toBe('RXMESH_DUPLICATE_CONNECTION');
  });

  it('PM-41 accepts an unknown peer and knows it from then on', () => {
    const bench = new Bench().accept('a');
    bench.manager.disconnected(id('a'), 'inbound');
    expect(bench.known()).toEqual(['a']);
  });

  it('rejects an invalid node id', () => {
    const { manager } = new Bench();
    const someone = uncheckedNodeId('someone');
    expect(codeOf(() => manager.accepted(someone))).toBe('RXMESH_NODE_ID_INVALID');
    expect(manager.peers()).toEqual([]);
  });

  it('PM-42, PM-43 lets a peer have a link in each direction until one is ready, in one slot', () => {
    const bench = new Bench({ maxConnected: 2, reserved: 0 }).add(at('a')).dial();
    bench.manager.accepted(id('a'));
    bench.manager.dialed(at('a'));
    expect(bench.manager.peers()).toEqual([
      expect.objectContaining({ links: ['inbound', 'outbound'], status: 'down' }),
    ]);
    bench.manager.accepted(id('b'));
    expect(codeOf(() => bench.manager.accepted(id('c')))).toBe('RXMESH_PEERS_FULL');

    expect(bench.manager.ready(id('a'), 'outbound')).toBe(true);
    expect(bench.manager.ready(id('a'), 'inbound')).toBe(false);
    bench.manager.disconnected(id('a'), 'inbound');
    expect(bench.newUpdates()).toEqual(['a up']);
    expect(codeOf(() => bench.manager.accepted(id('a')))).toBe('RXMESH_DUPLICATE_CONNECTION');
    bench.manager.disconnected(id('a'), 'outbound');
    expect(bench.newUpdates()).toEqual(['a down']);
    expect(codeOf(() => bench.manager.accepted(id('c')))).toBeUndefined();
  });

  it('does not count the losing link of a simultaneous connect as a failed dial', () => {
    const bench = new Bench({ retryMinMs: 60_000 }).add(at('a')).dial();
    bench.manager.accepted(id('a'));
    bench.manager.dialed(at('a'));
    bench.manager.disconnected(id('a'), 'outbound', failure('RXMESH_DUPLICATE_CONNECTION'));
    expect(bench.manager.peers()).toEqual([expect.objectContaining({ score: 0 })]);
  });

  it('PM-44 refuses a peer in either direction when all slots are taken', () => {
    const bench = new Bench({ maxConnected: 2 }).add(at('a'));
    bench.manager.dialed(at('a'));
    bench.manager.accepted(id('b'));
    expect(codeOf(() => bench.manager.accepted(id('c')))).toBe('RXMESH_PEERS_FULL');
    expect(bench.known().sort()).toEqual(['a', 'b']);
  });

  it('B-15 forgets the failures of all addresses of a peer that connects', () => {
    const bench = new Bench({ retryMinMs: 60_000 }).add(at('a'), at('a', 'x')).dial();
    bench.manager.dialFailed(at('a'), failure());
    bench.manager.dialFailed(at('a', 'x'), failure());
    bench.newDials();
    bench.accept('a');
    bench.manager.disconnected(id('a'), 'inbound');
    bench.time.advance(2000);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });
});

trackLeaks();
