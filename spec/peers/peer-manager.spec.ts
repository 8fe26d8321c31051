import { describe, expect, it } from '@jest/globals';
import { uncheckedNodeId } from '../../lib/model/node-id.ts';
import { PeerManager } from '../../lib/peers/peer-manager.ts';
import { at, Bench, codeOf, failure, id, self, VirtualTime } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('PeerManager: construction', () => {
  it('PM-07 works without options, and lists everything invalid in others', () => {
    const { clock } = new VirtualTime();
    const random = (): number => 0;
    expect(new PeerManager({ self, clock, random }).peers()).toEqual([]);
    const none = uncheckedNodeId('');
    expect(codeOf(() => new PeerManager({ self: none, clock, random }))).toBe(
      'RXMESH_OPTIONS_INVALID',
    );
    expect(() => new PeerManager({ self, clock, random, maxPeers: 0, banMs: -1 })).toThrow(
      /maxPeers.*banMs/,
    );
  });

  it('knows the addresses in its options, those of persistent peers with the highest score', () => {
    const { manager } = new Bench({ persistent: [at('a')], addresses: [at('b'), at('a', 'x')] });
    expect(manager.peers()).toEqual([
      {
        id: id('a'),
        status: 'down',
        links: [],
        isDialing: false,
        isPersistent: true,
        isChosen: true,
        isUnconditional: false,
        isVisitor: false,
        isPrivate: false,
        score: 32_767,
        rank: 0,
        addresses: [at('a'), at('a', 'x')],
        failures: 0,
      },
      expect.objectContaining({ id: id('b'), isPersistent: false, score: 0 }),
    ]);
  });
});

describe('PeerManager: add', () => {
  it('PM-11 keeps several addresses of one peer', () => {
    const { manager } = new Bench().add(at('a'), at('a', 'x'));
    expect(manager.addresses(id('a'))).toEqual([at('a'), at('a', 'x')]);
  });

  it('PM-12 leaves other peers as they are', () => {
    const { manager } = new Bench().add(at('a'), at('b'));
    expect(manager.addresses(id('a'))).toEqual([at('a')]);
    expect(manager.addresses(id('b'))).toEqual([at('b')]);
  });

  it('PM-13, B-19 returns whether anything was added', () => {
    const { manager } = new Bench();
    expect(manager.add(at('a'))).toBe(true);
    expect(manager.add(at('a'))).toBe(false);
    expect(manager.add(`WS://${id('A')}@HOST-A:1000`)).toBe(false);
    expect(manager.addresses(id('a'))).toEqual([at('a')]);
  });

  it('PM-14 forgets the lowest-scored unconnected peer above maxPeers and reports it', () => {
    const bench = new Bench({ maxPeers: 3, maxConnected: 2 }).add(at('a'), at('b'), at('c'));
    bench.accept('a');
    for (const peer of ['a', 'b']) {
      bench.manager.report({ peer: id(peer), severity: 'penalize', reason: failure() });
    }
    expect(bench.manager.add(at('d'))).toBe(true);
    expect(bench.known().sort()).toEqual(['a', 'c', 'd']);
    expect(bench.forgotten).toEqual([id('b')]);
  });

  it('PM-14 never forgets a persistent peer, and accepts no newcomer that ranks below all others', () => {
    let rank = 0;
    const bench = new Bench({
      persistent: [at('a')],
      maxPeers: 2,
      maxConnected: 1,
      random: () => (rank += 0.1),
    });
    bench.add(at('b'));
    expect(bench.manager.add(at('c'))).toBe(false);
    expect(bench.known()).toEqual(['a', 'b']);
    expect(bench.forgotten).toEqual([id('c')]);
  });

  it('PM-14 keeps a persistent peer even if no other can be forgotten', () => {
    const bench = new Bench({ persistent: [at('a')], maxPeers: 1, maxConnected: 1 });
    expect(bench.manager.add(at('b'))).toBe(false);
    expect(bench.forgotten).toEqual([id('b')]);
    expect(bench.known()).toEqual(['a']);
  });

  it('forgets a peer without addresses before any other', () => {
    const options = { maxPeers: 2, maxConnected: 1, reserved: 0 };
    const bench = new Bench(options).add(at('a')).accept('b');
    bench.manager.report({ peer: id('a'), severity: 'penalize', reason: failure() });
    bench.manager.disconnected(id('b'), 'inbound');
    bench.add(at('c'));
    expect(bench.known()).toEqual(['c', 'a']);
  });

  it('PM-14 exceeds maxPeers only with connected or dialed peers', () => {
    const bench = new Bench({ maxPeers: 2, maxConnected: 2 }).add(at('a'), at('b')).dial();
    bench.accept('c');
    expect(bench.known()).toHaveLength(3);
    bench.manager.dialFailed(at('a'), failure());
    expect(bench.forgotten).toEqual([id('a')]);
  });

  it('PM-15 rejects an invalid address and our own id', () => {
    const { manager } = new Bench();
    expect(codeOf(() => manager.add('garbage'))).toBe('RXMESH_ADDRESS_INVALID');
    expect(codeOf(() => manager.add({ protocol: '', id: id('a') }))).toBe('RXMESH_ADDRESS_INVALID');
    expect(codeOf(() => manager.add(at('0')))).toBe('RXMESH_SELF_CONNECTION');
    expect(manager.peers()).toEqual([]);
  });
});

describe('PeerManager: dials$', () => {
  it('PM-16 hands out an added address once', () => {
    const bench = new Bench().add(at('a')).dial();
    bench.time.advance(3_600_000);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('PM-17 doubles the wait after each failure, up to the cap', () => {
    const bench = new Bench({ retryMinMs: 100, retryMaxMs: 500 }).add(at('a'));
    const timesMs: number[] = [];
    bench.manager.dials$.subscribe((address) => {
      timesMs.push(bench.time.clock.now());
      bench.manager.dialFailed(address, failure());
    });
    bench.time.advance(2500);
    expect(timesMs).toEqual([0, 100, 300, 700, 1200, 1700, 2200]);
  });

  it('PM-17 has a separate cap for persistent peers', () => {
    const bench = new Bench({ persistent: [at('a')], retryMinMs: 100, retryMaxPersistentMs: 150 });
    const timesMs: number[] = [];
    bench.manager.dials$.subscribe((address) => {
      timesMs.push(bench.time.clock.now());
      bench.manager.dialFailed(address, failure());
    });
    bench.time.advance(500);
    expect(timesMs).toEqual([0, 100, 250, 400]);
  });

  it('PM-18 hands out an address that is added later', () => {
    const bench = new Bench().dial();
    expect(bench.newDials()).toEqual([]);
    bench.add(at('a'));
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('PM-19 hands out the next peer when a failed dial frees its slot', () => {
    const bench = new Bench({ maxConnected: 1, retryMinMs: 0 }).add(at('a'), at('b')).dial();
    expect(bench.newDials()).toEqual(['a@host-a']);
    bench.manager.dialFailed(at('a'), failure());
    expect(bench.newDials()).toEqual(['b@host-b']);
  });

  it('PM-20 hands out a failed address again only after its wait', () => {
    const bench = new Bench({ retryMinMs: 200 }).add(at('a')).dial();
    bench.manager.dialFailed(at('a'), failure());
    bench.newDials();
    bench.time.advance(199);
    expect(bench.newDials()).toEqual([]);
    bench.time.advance(1);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('PM-21, B-14 hands out a disconnected inbound peer after the cool-down', () => {
    const bench = new Bench({ disconnectCooldownMs: 2000 }).add(at('a')).accept('a').dial();
    bench.manager.disconnected(id('a'), 'inbound');
    bench.time.advance(1999);
    expect(bench.newDials()).toEqual([]);
    bench.time.advance(1);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('PM-22 counts dials against maxConnected', () => {
    const bench = new Bench({ maxConnected: 2 }).add(at('a'), at('b'), at('c')).accept('a').dial();
    expect(bench.newDials()).toEqual(['b@host-b']);
  });

  it('PM-25 hands out no second address of a peer that is dialed, or connected in either direction', () => {
    const bench = new Bench().add(at('a'), at('a', 'x'), at('b'), at('b', 'x')).dial();
    expect(bench.newDials()).toEqual(['a@host-a', 'b@host-b']);
    bench.manager.dialed(at('a'));
    bench.manager.dialFailed(at('b'), failure());
    expect(bench.newDials()).toEqual(['b@x']);

    bench.manager.accepted(id('c'));
    bench.add(at('c'));
    expect(bench.newDials()).toEqual([]);
  });

  it('PM-26 hands out each address once when retries are off', () => {
    const bench = new Bench({ retryMinMs: 0 });
    const hosts: unknown[] = [];
    bench.manager.dials$.subscribe((address) => {
      hosts.push(address.host);
      bench.manager.dialFailed(address, failure());
    });
    bench.add(at('a', 'a1'), at('a', 'a2'), at('b', 'b1'), at('b', 'b2'));
    bench.time.advance(86_400_000);
    expect(hosts.sort()).toEqual(['a1', 'a2', 'b1', 'b2']);
    expect(bench.time.timers).toBe(0);
  });

  it('keeps a slot for each persistent peer, so that strangers do not lock it out', () => {
    const bench = new Bench({ persistent: [at('a')], maxConnected: 2 }).accept('b');
    const full = expect.objectContaining({ code: 'RXMESH_PEERS_FULL' });
    expect(() => bench.manager.accepted(id('c'))).toThrow(full);
    bench.add(at('d')).dial();
    expect(bench.newDials()).toEqual(['a@host-a']);
    expect(() => bench.manager.accepted(id('c'))).toThrow(full);
    bench.manager.dialed(at('a'));
    bench.manager.ready(id('a'), 'outbound');
    expect(bench.newUpdates()).toEqual(['b up', 'a up']);
    bench.manager.disconnected(id('b'), 'inbound');
    expect(bench.newDials()).toEqual(['d@host-d']);
  });

  it('dials persistent peers first and forever, even if retries are off', () => {
    const bench = new Bench({
      persistent: [at('c')],
      addresses: [at('a')],
      maxConnected: 2,
      maxDialing: 1,
      retryMinMs: 0,
      retryMaxPersistentMs: 1000,
    }).dial();
    expect(bench.newDials()).toEqual(['c@host-c']);
    bench.manager.dialFailed(at('c'), failure());
    bench.manager.dialFailed(at('a'), failure());
    expect(bench.newDials()).toEqual(['a@host-a']);
    bench.time.advance(1000);
    expect(bench.newDials()).toEqual(['c@host-c']);
  });

  it('B-09 hands out the best-scored peer first', () => {
    const bench = new Bench({ maxDialing: 1 }).add(at('a'), at('b'), at('c'));
    bench.manager.report({ peer: id('a'), severity: 'penalize', reason: failure() });
    bench.manager.report({ peer: id('b'), severity: 'note', reason: failure() });
    expect(bench.known()).toEqual(['c', 'b', 'a']);
    bench.manager.dials$.subscribe((address) => {
      bench.dials.push(address);
      bench.time.clock.schedule(() => bench.manager.dialed(address), 1);
    });
    bench.time.advance(10);
    expect(bench.newDials()).toEqual(['c@host-c', 'b@host-b', 'a@host-a']);
  });

  it('orders equals randomly, so that nodes with the same list do not all dial the same peer', () => {
    const ranks = [0.5, 0.1, 0.9];
    const bench = new Bench({ random: () => ranks.shift() ?? 0 });
    bench.add(at('a'), at('b'), at('c')).dial();
    expect(bench.newDials()).toEqual(['b@host-b', 'a@host-a', 'c@host-c']);
  });

  it('B-12 leaves slots for inbound connections', () => {
    const bench = new Bench({ maxConnected: 4, maxOutbound: 2 });
    bench.add(at('a'), at('b'), at('c')).dial();
    expect(bench.newDials()).toEqual(['a@host-a', 'b@host-b']);
    bench.manager.dialed(at('a'));
    bench.manager.dialed(at('b'));
    bench.accept('d', 'e');
    expect(bench.newDials()).toEqual([]);
    bench.manager.disconnected(id('a'), 'outbound');
    expect(bench.newDials()).toEqual(['c@host-c']);
  });

  it('B-16 does not dial an endpoint under another id while it is in use', () => {
    const bench = new Bench().add(at('a', 'same'), at('b', 'same')).dial();
    expect(bench.newDials()).toEqual(['a@same']);
    bench.manager.dialed(at('a', 'same'));
    expect(bench.newDials()).toEqual([]);
    bench.manager.disconnected(id('a'), 'outbound');
    expect(bench.newDials()).toEqual(['b@same']);
  });

  it('B-16 frees the endpoint when the connection dialed there is refused', () => {
    const bench = new Bench().add(at('a', 'same'), at('b', 'same')).dial().accept('a');
    bench.newDials();
    expect(codeOf(() => bench.manager.dialed(at('a', 'same')))).toBe('RXMESH_DUPLICATE_CONNECTION');
    expect(bench.newDials()).toEqual(['b@same']);
  });

  it('B-18 has at most maxDialing concurrent dials', () => {
    const bench = new Bench({ maxDialing: 2 }).add(at('a'), at('b'), at('c'), at('d')).dial();
    expect(bench.newDials()).toEqual(['a@host-a', 'b@host-b']);
    bench.manager.dialed(at('a'));
    expect(bench.newDials()).toEqual(['c@host-c']);
  });

  it('runs its timer only while it has a subscriber', () => {
    const bench = new Bench().add(at('a')).dial();
    bench.manager.dialFailed(at('a'), failure());
    expect(bench.time.timers).toBe(1);
    bench.stopDialing();
    expect(bench.time.timers).toBe(0);
    bench.dial();
    expect(bench.time.timers).toBe(1);
  });
});

describe('PeerManager: dialFailed', () => {
  it('PM-27 ends the dial through another address of the peer without adding that', () => {
    const bench = new Bench().add(at('a')).dial();
    bench.newDials();
    bench.manager.dialFailed(at('a', 'x'), failure());
    expect(bench.newDials()).toEqual(['a@host-a']);
    expect(bench.manager.addresses(id('a'))).toEqual([at('a')]);
  });

  it('PM-28 counts a dial once, however often it is reported', () => {
    const bench = new Bench({ retryMinMs: 100 }).add(at('a')).dial();
    bench.manager.dialFailed(at('a'), failure());
    bench.manager.dialFailed(at('a'), failure());
    bench.newDials();
    bench.time.advance(100);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('PM-29 ignores an unknown peer', () => {
    const { manager } = new Bench();
    manager.dialFailed(at('a'), failure());
    expect(manager.peers()).toEqual([]);
  });

  it('B-11 does not dial an incompatible peer again until its mark expires', () => {
    const bench = new Bench({ incompatibleMs: 60_000 }).add(at('a'), at('a', 'x')).dial();
    bench.manager.dialFailed(at('a'), failure('RXMESH_INCOMPATIBLE'));
    bench.newDials();
    bench.time.advance(59_999);
    expect(bench.newDials()).toEqual([]);
    bench.time.advance(1);
    expect(bench.newDials()).toEqual(['a@x']);
  });

  it('B-11 dials it again if it has a new address, or this node has changed', () => {
    const bench = new Bench().add(at('a')).dial();
    bench.manager.dialFailed(at('a'), failure('RXMESH_INCOMPATIBLE'));
    bench.newDials();
    bench.add(at('a', 'x'));
    expect(bench.newDials()).toEqual(['a@x']);

    bench.manager.dialFailed(at('a', 'x'), failure('RXMESH_INCOMPATIBLE'));
    bench.time.advance(60_000);
    expect(bench.newDials()).toEqual([]);
    bench.manager.selfChanged();
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('B-11 leaves an incompatible persistent peer to its backoff', () => {
    const bench = new Bench({ persistent: [at('a')], retryMinMs: 100 }).dial();
    bench.manager.dialFailed(at('a'), failure('RXMESH_INCOMPATIBLE'));
    bench.newDials();
    bench.time.advance(100);
    expect(bench.newDials()).toEqual(['a@host-a']);
  });
});

describe('PeerManager: close', () => {
  it('PM-65 completes all streams and leaves no timer', () => {
    const bench = new Bench().add(at('a'), at('b')).dial();
    const completed: string[] = [];
    bench.manager.updates$.subscribe({ complete: () => completed.push('updates$') });
    bench.manager.forgotten$.subscribe({ complete: () => completed.push('forgotten$') });
    bench.manager.dialFailed(at('a'), failure());
    expect(bench.time.timers).toBe(1);
    bench.manager.close();
    bench.manager.close();
    expect(bench.time.timers).toBe(0);
    expect(completed).toEqual(['updates$', 'forgotten$']);
    bench.manager.dials$.subscribe({ complete: () => completed.push('dials$') });
    bench.manager.evictions$.subscribe({ complete: () => completed.push('evictions$') });
    expect(completed.slice(2)).toEqual(['dials$', 'evictions$']);
  });

  it('PM-65 leaves no timer when closed from within a subscriber, and emits nothing more', () => {
    const bench = new Bench().add(at('a')).dial();
    bench.manager.dialFailed(at('a'), failure());
    const timers: number[] = [];
    bench.manager.updates$.subscribe(() => {
      timers.push(bench.time.timers);
      bench.manager.disconnected(id('b'), 'inbound');
      bench.manager.close();
      timers.push(bench.time.timers);
    });
    bench.accept('b');
    timers.push(bench.time.timers);
    expect(timers).toEqual([1, 0, 0]);
    expect(bench.newUpdates()).toEqual(['b up']);
  });

  it('accepts reports afterwards, but neither addresses nor connections', () => {
    const bench = new Bench().add(at('a'), at('b')).accept('a').dial();
    const { manager } = bench;
    bench.newDials();
    bench.newUpdates();
    manager.close();
    manager.dialFailed(at('b'), failure());
    manager.report({ peer: id('a'), severity: 'disconnect', reason: failure() });
    manager.disconnected(id('a'), 'inbound');
    expect(manager.status(id('a'))).toBe('down');
    expect(codeOf(() => manager.add(at('c')))).toBe('RXMESH_STOPPED');
    expect(codeOf(() => manager.accepted(id('c')))).toBe('RXMESH_STOPPED');
    expect(codeOf(() => manager.dialed(at('b')))).toBe('RXMESH_STOPPED');
    expect([bench.newDials(), bench.newUpdates(), bench.newEvictions()]).toEqual([[], [], []]);
    expect(bench.time.timers).toBe(0);
  });
});

trackLeaks();
