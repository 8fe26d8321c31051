import { describe, expect, it } from '@jest/globals';
import type { NodeId, PeerStore } from '../../../lib/index.ts';
import { eventLine } from '../../../lib/router/event-line.ts';
import { simulate, simulatedStore, type Simulation } from '../../../lib/testing/index.ts';
import { FakeStore } from '../../support/fake-store.ts';
import { expectIdle } from '../../support/leaks.ts';

/** Nodes that know nobody by their options. Node 0 has the store. */
function strangers(store: PeerStore, nodes = 2): Simulation {
  return simulate({
    nodes,
    latencyMs: 5,
    knows: () => false,
    options: (node) => ({ peers: node === 0 ? { store } : {} }),
  });
}

const ended = (net: Simulation): void => {
  net.stop();
  expectIdle(net.clock.scheduler);
};

const numbers = (net: Simulation, ids: Iterable<NodeId>): number[] =>
  [...ids].map((id) => net.nodes.findIndex((node) => node.id === id)).sort();

/** Log lines about the store, with their times. */
const storeLines = (net: Simulation): string[] =>
  net.log.flatMap(({ atMs, event }) =>
    event.type.startsWith('store-') ? [`${atMs} ${eventLine(event).text}`] : [],
  );

describe('a node with a peer store', () => {
  it('reconnects after a crash with no configured address', () => {
    const net = strangers(simulatedStore(), 3);
    net.launch();
    net.node(0).router.peers.add(net.node(1).address);
    net.node(0).router.peers.add(net.node(2).address);
    net.advance(1_500);
    expect(numbers(net, net.node(0).up)).toEqual([1, 2]);
    net.crash(0);
    net.advance(1_000);
    expect(net.node(1).up.size).toBe(0);
    net.restart(0);
    net.advance(100);
    expect(numbers(net, net.node(0).up)).toEqual([1, 2]);
    expect(storeLines(net)).toEqual([]);
    ended(net);
  });

  it('loses at most the last second when it crashes', () => {
    const net = strangers(simulatedStore(), 3);
    net.launch();
    net.advance(500);
    net.node(0).router.peers.add(net.node(1).address);
    net.advance(1_000);
    net.node(0).router.peers.add(net.node(2).address);
    net.advance(999);
    net.crash(0);
    net.restart(0);
    net.advance(1_000);
    expect(numbers(net, net.node(0).up)).toEqual([1]);
    ended(net);
  });

  it('loses nothing when it stops', () => {
    const net = strangers(simulatedStore());
    net.launch();
    net.node(0).router.peers.add(net.node(1).address);
    net.advance(500);
    net.remove(0);
    net.restart(0);
    net.advance(100);
    expect(numbers(net, net.node(0).up)).toEqual([1]);
    ended(net);
  });

  it('keeps its bans', () => {
    const net = strangers(simulatedStore());
    net.launch();
    net.node(0).router.peers.ban({ id: net.node(1).id, forMs: 60_000 });
    net.advance(2_000);
    net.crash(0);
    net.restart(0);
    net.node(1).router.peers.add(net.node(0).address);
    net.advance(30_000);
    expect(net.node(0).up.size).toBe(0);
    net.advance(60_000);
    expect(numbers(net, net.node(0).up)).toEqual([1]);
    ended(net);
  });

  it('dials and listens once the store was read', () => {
    const store = new FakeStore();
    store.hold();
    const net = strangers(store);
    net.launch();
    net.node(0).router.peers.add(net.node(1).address);
    net.node(1).router.peers.add(net.node(0).address);
    net.advance(5_000);
    expect(net.node(0).up.size).toBe(0);
    store.release();
    net.advance(100);
    expect(numbers(net, net.node(0).up)).toEqual([1]);
    ended(net);
  });

  it('can be stopped while the store is being read, and does not start after that', () => {
    const store = new FakeStore();
    store.hold();
    const net = strangers(store);
    net.launch();
    net.node(0).router.peers.add(net.node(1).address);
    net.advance(10);
    void net.node(0).router.stop();
    net.advance(10);
    store.release();
    net.advance(5_000);
    expect([net.node(0).isStopped, net.node(1).up.size]).toEqual([true, 0]);
    ended(net);
  });

  it('starts without a store that does not work, says so, and reads it later', () => {
    const store = new FakeStore();
    store.failure = new Error('Database failed to open', { cause: new Error('it is locked') });
    const net = strangers(store);
    net.launch();
    net.node(0).router.peers.add(net.node(1).address);
    net.advance(3_000);
    expect(numbers(net, net.node(0).up)).toEqual([1]);
    store.failure = undefined;
    net.advance(2_000);
    expect(store.keys()).toEqual([`peer/${net.node(1).id.slice(0, 2)}`]);
    expect(storeLines(net)).toEqual([
      '0 the peer store could not be opened: it is locked [RXMESH_STORE_FAILED]',
    ]);
    ended(net);
  });

  it('reports a damaged record and removes it', () => {
    const store = new FakeStore();
    const net = strangers(store);
    const key = `rxmesh/1/peer/${net.node(1).id}`;
    store.records.set(key, Uint8Array.of(0xff));
    net.launch();
    net.advance(1_000);
    expect(storeLines(net)).toEqual([
      expect.stringContaining(`0 peer store: the record ${key} is damaged: `),
    ]);
    expect(store.records.size).toBe(0);
    ended(net);
  });

  it('stops although the last changes cannot be written, and says so', () => {
    const store = new FakeStore();
    const net = strangers(store);
    net.launch();
    net.node(0).router.peers.add(net.node(1).address);
    net.advance(500);
    store.failure = new Error('no space');
    net.remove(0);
    expect(storeLines(net)).toEqual([
      expect.stringMatching(
        /the peer store could not be written: no space \[RXMESH_STORE_FAILED\]/,
      ),
    ]);
    ended(net);
  });

  it('stops although the store no longer answers', () => {
    const store = new FakeStore();
    const net = strangers(store);
    net.launch();
    net.node(0).router.peers.add(net.node(1).address);
    net.advance(500);
    store.hold();
    net.remove(0);
    expect(net.now()).toBeLessThan(5_100);
    expect(storeLines(net)).toEqual([
      expect.stringContaining('has not answered for 2000 ms: the last changes may be lost'),
    ]);
    store.release();
    ended(net);
  });

  it('neither reads nor writes when it is stopped before the start', () => {
    const store = new FakeStore();
    const net = strangers(store, 1);
    net.node(0).router.peers.ban({ ip: '203.0.113.7' });
    net.stop();
    expect([store.newReads(), store.newBatches()]).toEqual([[], []]);
  });
});
