import { describe, expect, it } from '@jest/globals';
import { encodeBan, encodePeer } from '../../../lib/peers/store/records.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { at, failure, id } from '../fixture.ts';
import { Stored } from './stored.ts';

const locked = new Error('Database failed to open', {
  cause: new Error('LOCK: held by a process'),
});
const isLocked = 'RXMESH_STORE_FAILED: the peer store could not be opened: LOCK: held by a process';

describe('the saver of peers', () => {
  it('reads and writes nothing before it is told to load', () => {
    const peers = new Stored().add(at('a'));
    peers.time.advance(5_000);
    peers.save();
    expect([peers.store.newReads(), peers.store.newBatches(), peers.ends]).toEqual([
      [],
      [],
      ['5000 saved'],
    ]);
  });

  it('reads bans, peers, and a look at what newer versions wrote', () => {
    const peers = new Stored().load();
    expect(peers.store.newReads()).toEqual([
      'rxmesh/1/ban/ 1000',
      'rxmesh/1/peer/ 1000',
      'rxmesh/1/~ 1',
    ]);
    expect([peers.ends, peers.time.timers]).toEqual([['0 loaded'], 0]);
  });

  it('writes what has changed in one batch a second', () => {
    const peers = new Stored().load();
    peers.add(at('a'));
    peers.time.advance(600);
    peers.add(at('b'), at('a', 'other'));
    expect(peers.store.newBatches()).toEqual([]);
    peers.time.advance(400);
    expect(peers.store.newBatches()).toEqual([['put peer/aa', 'put peer/bb']]);
    peers.time.advance(5_000);
    expect([peers.store.newBatches(), peers.time.timers]).toEqual([[], 0]);
    peers.manager.ban({ id: id('c') });
    peers.manager.ban({ ip: '203.0.113.0/24' });
    peers.manager.report({ peer: id('b'), severity: 'note', reason: failure() });
    peers.time.advance(1_000);
    expect(peers.store.newBatches()).toEqual([['put ban/cc', 'put ban/20', 'put peer/bb']]);
  });

  it('deletes what was forgotten, and does not write what never had a record', () => {
    const peers = new Stored({ maxPeers: 2, maxConnected: 1, maxUpgrading: 0 }).load();
    peers.add(at('a'), at('b'));
    peers.time.advance(1_000);
    peers.store.newBatches();
    for (const digit of ['a', 'b']) {
      peers.manager.report({ peer: id(digit), severity: 'penalize', reason: failure() });
    }
    peers.add(at('c'), at('d'));
    peers.time.advance(1_000);
    expect(peers.store.newBatches()).toEqual([
      ['del peer/aa', 'del peer/bb', 'put peer/cc', 'put peer/dd'],
    ]);
    for (const digit of ['c', 'd', '1', '2']) peers.add(at(digit));
    peers.time.advance(1_000);
    expect(peers.store.keys()).toEqual(
      peers
        .known()
        .map((digit) => `peer/${digit}${digit}`)
        .sort(),
    );
  });

  it('deletes bans that were lifted, or were found to be over', () => {
    const peers = new Stored().load();
    peers.manager.ban({ id: id('a') });
    peers.manager.ban({ ip: '203.0.113.7', forMs: 4_000 });
    peers.time.advance(1_000);
    expect(peers.store.keys()).toEqual(['ban/20', 'ban/aa']);
    peers.manager.unban({ id: id('a') });
    peers.time.advance(4_000);
    expect(peers.manager.isIpBanned('203.0.113.7')).toBe(false);
    peers.time.advance(1_000);
    expect(peers.store.keys()).toEqual([]);
  });

  it('has one write at a time, and what changes meanwhile is in the next one', () => {
    const peers = new Stored().load();
    peers.add(at('a'));
    peers.store.hold();
    peers.time.advance(1_000);
    expect(peers.store.newBatches()).toEqual([['put peer/aa']]);
    peers.add(at('a', 'other'), at('b'));
    peers.time.advance(3_000);
    expect(peers.store.newBatches()).toEqual([]);
    peers.store.release();
    peers.time.advance(999);
    expect(peers.store.newBatches()).toEqual([]);
    peers.time.advance(1);
    expect(peers.store.newBatches()).toEqual([['put peer/aa', 'put peer/bb']]);
  });

  it('deletes a peer that was forgotten while its record was being written', () => {
    const peers = new Stored({ maxPeers: 2, maxConnected: 1, maxUpgrading: 0 }).load();
    peers.add(at('a'));
    peers.store.hold();
    peers.time.advance(1_000);
    peers.manager.report({ peer: id('a'), severity: 'penalize', reason: failure() });
    peers.add(at('b'), at('c'));
    expect(peers.known()).not.toContain('a');
    peers.store.release();
    peers.time.advance(1_000);
    expect(peers.store.keys()).toEqual(['peer/bb', 'peer/cc']);
  });

  it('tries again what could not be written, reports it once, and again after a success', () => {
    const peers = new Stored().load();
    peers.add(at('a'));
    peers.store.failure = new Error('no space');
    peers.time.advance(1_500);
    peers.add(at('b'));
    const full = 'RXMESH_STORE_FAILED: the peer store could not be written: no space';
    expect(peers.newEvents()).toEqual([full]);
    peers.time.advance(3_000);
    expect(peers.newEvents()).toEqual([]);
    peers.store.failure = undefined;
    peers.store.newBatches();
    peers.time.advance(1_000);
    expect(peers.store.newBatches()).toEqual([['put peer/aa', 'put peer/bb']]);
    peers.store.failure = new Error('no space');
    peers.add(at('c'));
    peers.time.advance(1_000);
    expect(peers.newEvents()).toEqual([full]);
  });

  it('keeps no more in memory than it knows while nothing can be written', () => {
    const limits = { maxPeers: 4, maxConnected: 1, maxUpgrading: 0 };
    const peers = new Stored(limits).load();
    peers.store.failure = new Error('no space');
    for (let n = 1; n <= 50; n += 1) {
      const digits = n.toString(16).padStart(2, '0').repeat(20);
      peers.manager.add(`ws://${digits}@host-${n}:1`, { isChosen: false });
      peers.time.advance(700);
    }
    peers.store.failure = undefined;
    peers.store.newBatches();
    peers.time.advance(1_000);
    expect(peers.store.newBatches().flat()).toHaveLength(4);
    expect(peers.store.records.size).toBe(4);
  });

  it('carries on without a store that cannot be opened, and reads it as soon as it can be', () => {
    const store = new FakeStore();
    new Stored({}, store).load().add(at('a')).time.advance(1_000);
    store.failure = locked;
    const peers = new Stored({}, store).load().dial();
    peers.add(at('b'));
    expect([peers.ends, peers.newEvents()]).toEqual([['0 loaded'], [isLocked]]);
    expect(peers.newDials()).toEqual(['b@host-b']);
    store.newBatches();
    peers.time.advance(3_000);
    expect([store.newBatches(), peers.newEvents()]).toEqual([[], []]);
    store.failure = undefined;
    peers.time.advance(1_000);
    expect(peers.newDials()).toEqual(['a@host-a']);
    peers.time.advance(1_000);
    expect(store.keys()).toEqual(['peer/aa', 'peer/bb']);
  });

  it('waits 10 s for the store, and takes what comes later', () => {
    const store = new FakeStore();
    new Stored({}, store).load().add(at('a')).time.advance(1_000);
    store.hold();
    const peers = new Stored({}, store).load();
    peers.time.advance(9_999);
    expect(peers.ends).toEqual([]);
    peers.time.advance(1);
    expect(peers.ends).toEqual(['10000 loaded']);
    expect(peers.newEvents()).toEqual([
      'RXMESH_STORE_FAILED: the peer store has not answered for 10000 ms: the node carries on meanwhile',
    ]);
    store.release();
    expect(peers.known()).toEqual(['a']);
  });

  it('writes what is left when it is told to, after the write that is going on', () => {
    const peers = new Stored().load();
    peers.add(at('a'));
    peers.store.hold();
    peers.time.advance(1_000);
    peers.add(at('b'));
    peers.save();
    peers.time.advance(500);
    expect([peers.store.newBatches(), peers.ends.slice(1)]).toEqual([[['put peer/aa']], []]);
    peers.store.release();
    expect([peers.store.newBatches(), peers.ends.slice(1)]).toEqual([
      [['put peer/bb']],
      ['1500 saved'],
    ]);
    peers.manager.close();
    expect(peers.time.timers).toBe(0);
  });

  it('gives up the last write after 2 s', () => {
    const peers = new Stored().load();
    peers.add(at('a'));
    peers.store.hold();
    peers.save();
    peers.time.advance(1_999);
    expect(peers.ends.slice(1)).toEqual([]);
    peers.time.advance(1);
    expect(peers.ends.slice(1)).toEqual(['2000 saved']);
    expect(peers.newEvents()).toEqual([
      'RXMESH_STORE_FAILED: the peer store has not answered for 2000 ms: the last changes may be lost',
    ]);
  });

  it('does nothing once it is closed', () => {
    const store = new FakeStore();
    new Stored({}, store).load().add(at('a')).time.advance(1_000);
    store.hold();
    const peers = new Stored({}, store).load();
    peers.manager.close();
    store.release();
    peers.manager.report({ peer: id('a'), severity: 'note', reason: failure() });
    peers.time.advance(20_000);
    expect([peers.known(), peers.newEvents()]).toEqual([[], []]);
  });

  it('has no timer once it is closed, also if something is unsaved or the store hangs', () => {
    const peers = new Stored().load();
    peers.add(at('a'));
    peers.manager.close();
    expect(peers.time.timers).toBe(0);
    const store = new FakeStore();
    store.hold();
    const hanging = new Stored({}, store).load();
    hanging.manager.close();
    expect(hanging.time.timers).toBe(0);
  });

  it('writes at most a thousand records in a batch, those of bans and peers together', () => {
    const peers = new Stored({ maxPeers: 3_000 }).load();
    for (let n = 1; n <= 1_000; n += 1) {
      peers.manager.add(`ws://${n.toString(16).padStart(40, '0')}@host:${n}`);
    }
    for (const digit of ['a', 'b', 'c']) peers.manager.ban({ id: id(digit) });
    peers.time.advance(1_000);
    expect(peers.store.newBatches().map(({ length }) => length)).toEqual([1_000, 3]);
  });

  it('skips damaged records, says so, and deletes them or writes them again', () => {
    const store = new FakeStore();
    new Stored({}, store).load().add(at('a'), at('b')).time.advance(1_000);
    for (const digit of ['a', 'c']) {
      store.records.set(`rxmesh/1/peer/${id(digit)}`, Uint8Array.of(0x12, 9, 9));
    }
    store.records.set('rxmesh/1/peer/nobody', Uint8Array.of(8, 1));
    store.records.set('rxmesh/1/ban/203.0.113.999', encodeBan({ savedAtMs: 1, saved: 1 }));
    store.newBatches();
    const peers = new Stored({ addresses: [at('a', 'option')] }, store).load();
    expect(peers.events.map(({ type }) => type)).toEqual(Array(4).fill('store-record-skipped'));
    expect(peers.newEvents().map((text) => text.slice(0, 76))).toEqual([
      'RXMESH_STORE_RECORD_INVALID: the record rxmesh/1/ban/203.0.113.999 is damage',
      `RXMESH_STORE_RECORD_INVALID: the record rxmesh/1/peer/${'a'.repeat(22)}`,
      `RXMESH_STORE_RECORD_INVALID: the record rxmesh/1/peer/${'c'.repeat(22)}`,
      'RXMESH_STORE_RECORD_INVALID: the record rxmesh/1/peer/nobody is damaged: its',
    ]);
    expect(peers.known().sort()).toEqual(['a', 'b']);
    peers.time.advance(1_000);
    expect(store.newBatches()).toEqual([
      ['del ban/20', 'put peer/aa', 'del peer/cc', 'del peer/no'],
    ]);
  });

  it('leaves the records of newer versions and other programs alone', () => {
    const store = new FakeStore();
    store.records.set(`rxmesh/2/peer/${id('a')}`, Uint8Array.of(1));
    store.records.set('rxmesh/10/x', Uint8Array.of(1));
    store.records.set('rxmesh-notes', Uint8Array.of(1));
    store.records.set('zoo', Uint8Array.of(1));
    const peers = new Stored({}, store).load().add(at('a'));
    expect(peers.newEvents()).toEqual([
      'RXMESH_STORE_RECORD_NEWER: a newer version of rxmesh has written rxmesh/10/x: ' +
        'such records are left alone',
    ]);
    peers.time.advance(1_000);
    expect(store.newBatches()).toEqual([['put peer/aa']]);
    expect(store.records.size).toBe(5);
    expect(peers.newEvents()).toEqual([]);
  });

  it('writes nothing that it has just read', () => {
    const store = new FakeStore();
    const first = new Stored({}, store).load().add(at('a'), at('b'));
    first.manager.ban({ ip: '203.0.113.7' });
    first.time.advance(1_000);
    store.newBatches();
    const peers = new Stored({ addresses: [at('b')] }, store).load();
    peers.time.advance(1_000);
    expect(store.newBatches()).toEqual([['put peer/bb']]);
    expect(peers.manager.bans()).toHaveLength(1);
  });

  it('deletes bans that ended meanwhile', () => {
    const store = new FakeStore();
    store.records.set(`rxmesh/1/ban/${id('a')}`, encodeBan({ savedAtMs: 0, saved: 500 }));
    const peers = new Stored({}, store);
    peers.time.advance(500);
    peers.load();
    peers.time.advance(1_000);
    expect([peers.manager.bans(), store.keys()]).toEqual([[], []]);
  });

  it('reads a peer with all that a record may have', () => {
    const store = new FakeStore();
    const nothing = { value: 0, agoMs: 0 };
    const saved = {
      id: id('a'),
      addresses: [
        {
          address: at('a'),
          origin: 'named' as const,
          failures: 4,
          failingForMs: 9,
          blame: { value: 4, agoMs: 0 },
        },
      ],
      behaviour: nothing,
      lastDial: { agoMs: 5, isGood: false },
      upAgoMs: 50,
      toldBy: undefined,
      wasReached: false,
    };
    store.records.set(`rxmesh/1/peer/${id('a')}`, encodePeer({ savedAtMs: 0, saved }));
    const peers = new Stored({ scoreHalfLifeMs: 1_000 }, store);
    peers.time.advance(1_000);
    peers.load();
    expect(peers.manager.peers()).toMatchObject([
      { id: id('a'), score: -2, lastDial: { atMs: -5, isGood: false }, lastSeenMs: -50 },
    ]);
  });
});
