import { describe, expect, it } from '@jest/globals';
import { of, throwError } from 'rxjs';
import type { NodeId, PeerStore, RouterEvent } from '../../../lib/index.ts';
import { simulate, simulatedStore, type Simulation } from '../../../lib/testing/index.ts';
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
  [...ids].map((id) => net.nodes.findIndex((node) => node.id === id));

const storeEvents = (net: Simulation): string[] =>
  net.log.flatMap(({ atMs, event }) =>
    event.type === 'store-failed' || event.type === 'store-record-skipped'
      ? [`${atMs} ${event.type}: ${event.error.message}`]
      : [],
  );

describe('a node with a peer store', () => {
  it('reconnects after a crash with no configured address', () => {
    const net = strangers(simulatedStore(), 3);
    net.launch();
    net.node(0).router.addPeer(net.node(1).address);
    net.node(0).router.addPeer(net.node(2).address);
    net.advance(1_500);
    expect(numbers(net, net.node(0).up)).toEqual([1, 2]);
    net.crash(0);
    net.advance(1_000);
    expect(net.node(1).up.size).toBe(0);
    net.restart(0);
    net.advance(100);
    expect(numbers(net, net.node(0).up).sort()).toEqual([1, 2]);
    expect(storeEvents(net)).toEqual([]);
    ended(net);
  });

  it('loses at most the last second when it crashes', () => {
    const net = strangers(simulatedStore(), 3);
    net.launch();
    net.advance(500);
    net.node(0).router.addPeer(net.node(1).address);
    net.advance(1_000);
    net.node(0).router.addPeer(net.node(2).address);
    net.advance(999);
    net.crash(0);
    net.restart(0);
    net.advance(1_000);
    expect(numbers(net, net.node(0).up)).toEqual([1]);
    ended(net);
  });
});
