import { describe, expect, it } from '@jest/globals';
import { type NodeId, parseNodeId } from '../../lib/model/id.ts';
import { at, Bench, codeOf, failure, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const accept = (bench: Bench, digits: string): unknown[] =>
  Array.from(digits, (digit) => codeOf(() => bench.manager.accepted(id(digit))));

const full = 'RXMESH_PEERS_FULL';

describe('PeerManager: slots that strangers never take', () => {
  it('keeps half of them for configured peers, whoever connects first', () => {
    const bench = new Bench({ addresses: [at('a'), at('b'), at('c')], maxConnected: 4 });
    expect(accept(bench, '1234')).toEqual([undefined, undefined, full, full]);
    bench.dial();
    expect(bench.newDials()).toHaveLength(2);
  });

  it('keeps them from strangers, not from chosen peers that connect themselves', () => {
    const bench = new Bench({ addresses: [at('a'), at('b')], maxConnected: 4 });
    expect(accept(bench, '12ab3')).toEqual([undefined, undefined, undefined, undefined, full]);
  });

  it('keeps none without a peer to dial', () => {
    const bench = new Bench({ addresses: [at('a')], maxConnected: 4 });
    expect(accept(bench, '1234')).toEqual([undefined, undefined, undefined, full]);
    expect(accept(new Bench({ maxConnected: 2 }), '12')).toEqual([undefined, undefined]);
  });

  it('keeps one for each persistent peer, even from peers that are merely chosen', () => {
    const persistent = [at('a'), at('b'), at('c')];
    const bench = new Bench({ persistent, addresses: [at('d'), at('e')], maxConnected: 4 });
    expect(accept(bench, 'de1')).toEqual([undefined, full, full]);
    expect(accept(bench, 'abc')).toEqual([undefined, undefined, undefined]);
  });

  it('gives a chosen peer the slot of a stranger that connected before it was chosen', () => {
    const bench = new Bench({ maxConnected: 2 }).accept('1', '2').dial();
    expect(bench.newDials()).toEqual([]);
    bench.add(at('a'));
    expect(bench.newDials()).toEqual(['a@host-a']);
    bench.manager.dialed(at('a'));
    bench.manager.ready(id('a'), 'outbound');
    expect(bench.newEvictions()).toHaveLength(1);
    bench.add(at('b'));
    expect(bench.newDials()).toEqual([]);
  });

  it('counts a peer whose address came from another peer as a stranger', () => {
    const limits = { maxConnected: 2, wanted: 2, maxUpgrading: 0 };
    const bench = new Bench({ addresses: [at('a')], ...limits });
    bench.manager.add(at('1'), { isChosen: false });
    bench.manager.add(at('2'), { isChosen: false });
    bench.dial();
    expect(bench.newDials()).toEqual(['a@host-a', '1@host-1']);
    expect(bench.manager.peers().map(({ isChosen }) => isChosen)).toEqual([true, false, false]);
  });

  it('dials strangers until it has the peers that it wants, and lets in others', () => {
    const bench = new Bench({ maxConnected: 4, wanted: 2 }).accept('1').dial();
    for (const digit of ['2', '3']) bench.manager.add(at(digit), { isChosen: false });
    expect(bench.newDials()).toEqual(['2@host-2']);
    bench.manager.dialed(at('2'));
    bench.manager.ready(id('2'), 'outbound');
    bench.accept('4');
    expect(bench.newDials()).toEqual([]);
    // A chosen peer is dialed whatever the node wants.
    bench.add(at('a'));
    expect(bench.newDials()).toEqual(['a@host-a']);
    bench.manager.disconnected(id('4'), 'inbound');
    bench.manager.disconnected(id('1'), 'inbound');
    bench.manager.dialFailed(at('a'), failure());
    expect(bench.newDials()).toEqual(['3@host-3']);
  });

  it('dials a stranger beyond that if it ranks above a connected peer', () => {
    const rank = ({ id: peer }: { id: string }): number => Number(peer.startsWith('9'));
    const bench = new Bench({ maxConnected: 4, wanted: 1, rank }).accept('1').dial();
    bench.manager.add(at('2'), { isChosen: false });
    expect(bench.newDials()).toEqual([]);
    bench.manager.add(at('9'), { isChosen: false });
    expect(bench.newDials()).toEqual(['9@host-9']);
  });

  it('keeps the configured number', () => {
    const options = { addresses: [at('a'), at('b'), at('c')], maxConnected: 3 };
    expect(accept(new Bench({ ...options, reserved: 0 }), '123')).not.toContain(full);
    expect(accept(new Bench({ ...options, reserved: 3 }), '123')).toEqual([full, full, full]);
  });
});

describe('PeerManager: a thousand identities', () => {
  const idOf = (n: number): NodeId => parseNodeId(n.toString(16).padStart(40, 'f'));

  it('do not keep a node from its own peers or make it forget them', () => {
    const bench = new Bench({
      persistent: [at('a')],
      addresses: [at('b'), at('c')],
      maxConnected: 8,
      maxPeers: 20,
      retryMinMs: 100,
      retryMaxMs: 1_000,
      retryMaxPersistentMs: 1_000,
    });
    const connected = new Set<string>();
    bench.manager.dials$.subscribe((address) => bench.dials.push(address));
    for (let n = 0; n < 1_000; n += 1) {
      const peer = idOf(n);
      if (codeOf(() => bench.manager.accepted(peer)) === undefined) {
        bench.manager.ready(peer, 'inbound');
        connected.add(peer);
        if (n % 3 === 0) {
          bench.manager.disconnected(peer, 'inbound');
          connected.delete(peer);
        }
      }
      // Its own peers are away meanwhile.
      for (const address of bench.dials.splice(0)) bench.manager.dialFailed(address, failure());
      bench.time.advance(10);
    }
    expect(connected.size).toBe(5);
    expect(bench.manager.peers().length).toBeLessThanOrEqual(20);
    bench.time.advance(1_000);
    expect(bench.newDials().sort()).toEqual(['a@host-a', 'b@host-b', 'c@host-c']);
    for (const digit of ['a', 'b', 'c']) {
      bench.manager.dialed(at(digit));
      bench.manager.ready(id(digit), 'outbound');
    }
    expect(bench.newEvictions()).toEqual([]);
  });
});

describe('PeerManager: limits of each direction', () => {
  it('B-13 accepts no more inbound peers than maxInbound, and still dials', () => {
    const bench = new Bench({ maxConnected: 4, maxInbound: 1 }).add(at('a'));
    expect(accept(bench, '12')).toEqual([undefined, full]);
    bench.dial();
    expect(bench.newDials()).toEqual(['a@host-a']);
    bench.manager.disconnected(id('1'), 'inbound');
    expect(accept(bench, '2')).toEqual([undefined]);
  });

  it('B-12 claims no more outbound links than maxOutbound', () => {
    const bench = new Bench({ maxConnected: 4, maxOutbound: 1 }).add(at('a'), at('b'));
    bench.manager.dialed(at('a'));
    expect(codeOf(() => bench.manager.dialed(at('b')))).toBe(full);
    expect(accept(bench, 'b')).toEqual([undefined]);
  });

  it('replaces a peer of the same direction', () => {
    const rank = ({ id: peer }: { readonly id: string }): number => Number(peer === id('c'));
    const bench = new Bench({ maxConnected: 4, maxInbound: 1, rank }).add(at('a'));
    bench.manager.dialed(at('a'));
    bench.manager.ready(id('a'), 'outbound');
    bench.accept('b', 'c');
    expect(bench.newEvictions()).toEqual(['b']);
  });

  it('B-13 reports the direction of each connection', () => {
    const bench = new Bench().add(at('a')).accept('b');
    bench.manager.dialed(at('a'));
    bench.manager.ready(id('a'), 'outbound');
    const links = bench.manager.peers().map(({ id: peer, links: ways }) => [peer[0], ...ways]);
    expect(links.sort()).toEqual([
      ['a', 'outbound'],
      ['b', 'inbound'],
    ]);
    expect(bench.updates.map(({ direction }) => direction)).toEqual(['inbound', 'outbound']);
  });
});

describe('PeerManager: unconditional peers', () => {
  it('connect regardless of the limits and take no slot', () => {
    const unconditional = [id('a'), id('b')];
    const bench = new Bench({ unconditional, maxConnected: 1, maxInbound: 1 });
    expect(accept(bench, '1a2b')).toEqual([undefined, undefined, full, undefined]);
    for (const digit of '1ab') bench.manager.ready(id(digit), 'inbound');
    expect(bench.newEvictions()).toEqual([]);
  });

  it('are dialed even when all slots are taken', () => {
    const bench = new Bench({ unconditional: [id('a')], maxConnected: 1, maxUpgrading: 0 });
    bench.accept('1').add(at('a'), at('b')).dial();
    expect(bench.newDials()).toEqual(['a@host-a']);
  });

  it('are banned and reported like other peers', () => {
    const bench = new Bench({ unconditional: [id('a')] }).accept('a');
    bench.manager.report({ peer: id('a'), severity: 'ban', reason: 'enough' });
    expect(bench.newEvictions()).toEqual(['a']);
    bench.manager.disconnected(id('a'), 'inbound');
    expect(accept(bench, 'a')).toEqual(['RXMESH_PEER_BANNED']);
  });

  it('may be persistent beyond maxConnected', () => {
    const persistent = [at('a'), at('b')];
    const bench = new Bench({ persistent, unconditional: [id('b')], maxConnected: 1 }).dial();
    expect(bench.newDials().sort()).toEqual(['a@host-a', 'b@host-b']);
  });
});

describe('PeerManager: addresses expire', () => {
  const minute = 60_000;
  const hour = 60 * minute;
  /** Four hours instead of seven days, since the manager checks its clock every 10 s. */
  const expiry = { addressExpiryMs: 4 * hour, retryMaxMs: 10 * minute };

  /** Fails the only address for that long, as often as it is dialed. */
  function failFor(bench: Bench, ms: number): number {
    let count = 0;
    bench.manager.dials$.subscribe((address) => {
      count += 1;
      bench.manager.dialFailed(address, failure());
    });
    bench.time.advance(ms);
    return count;
  }

  it('is forgotten with its peer after failing for that long', () => {
    const bench = new Bench({ addresses: [at('a')], ...expiry });
    failFor(bench, 4 * hour - 20 * minute);
    expect(bench.known()).toEqual(['a']);
    const dials = failFor(bench, 40 * minute);
    expect([bench.known(), bench.forgotten]).toEqual([[], [id('a')]]);
    expect(dials).toBeLessThan(5);
    expect(failFor(bench, 4 * hour)).toBe(0);
  });

  it('is kept until it has failed ten times', () => {
    const bench = new Bench({ addresses: [at('a')], addressExpiryMs: 1, retryMinMs: 100 });
    let dials = 0;
    bench.manager.dials$.subscribe((address) => {
      dials += 1;
      bench.manager.dialFailed(address, failure());
    });
    bench.time.advance(hour);
    expect([dials, bench.known()]).toEqual([10, []]);
  });

  it('starts over with a connection', () => {
    const bench = new Bench({ addresses: [at('a')], addressExpiryMs: 3_600_000 });
    failFor(bench, 3_000_000);
    bench.accept('a');
    bench.manager.disconnected(id('a'), 'inbound');
    bench.time.advance(3_000_000);
    expect(bench.known()).toEqual(['a']);
  });

  it('leaves the peer its other addresses', () => {
    const options = { addresses: [at('a'), at('a', 'x')], addressExpiryMs: 1, retryMinMs: 100 };
    const bench = new Bench(options);
    let dials = 0;
    bench.manager.dials$.subscribe((address) => {
      dials += 1;
      // Both fail in turn; by then the second one has failed nine times.
      if (dials < 20) bench.manager.dialFailed(address, failure());
    });
    bench.time.advance(hour);
    expect([dials, bench.manager.addresses(id('a'))]).toEqual([20, [at('a', 'x')]]);
  });

  it.each([
    ['a persistent peer', { persistent: [at('a')], ...expiry }],
    ['any peer if it is disabled', { addresses: [at('a')], addressExpiryMs: 0 }],
    ['any peer within a day by default', { addresses: [at('a')] }],
  ])('never happens to %s', (_, options) => {
    const bench = new Bench(options);
    failFor(bench, 24 * hour);
    expect(bench.known()).toEqual(['a']);
  });
});

trackLeaks();
