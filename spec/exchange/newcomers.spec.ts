import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { visitorsMax } from '../../lib/exchange/peer-exchange.ts';
import type { Endpoint, NodeId, RouterOptions } from '../../lib/index.ts';
import { nodeIdFromPublicKey } from '../../lib/model/id.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';
import { expectIdle } from '../support/leaks.ts';
import { MockNode } from '../support/mock-node.ts';
import { MockLink, nodeInfoOf } from '../support/mock-transport.ts';

const upOf = (net: Simulation, node: number): readonly number[] =>
  net.nodes.flatMap(({ id }, index) => (net.node(node).up.has(id) ? [index] : []));

/** Nodes 1 and 2 fill node 0; node 3 knows node 0 alone. */
function full(options: Partial<RouterOptions> = { peerExchange: true }): Simulation {
  const net = simulate({
    nodes: 3,
    latencyMs: 20,
    knows: (_, other) => other === 0,
    options: (node) => ({
      peerExchange: true,
      ...(node === 0 && { ...options, peers: { maxConnected: 2 } }),
    }),
  });
  net.start();
  expect(upOf(net, 0)).toEqual([1, 2]);
  net.add();
  return net;
}

const eventsAt = (net: Simulation, node: number, type: string): readonly string[] =>
  net.log.flatMap(({ node: at, event }) =>
    at === node && event.type === type && 'peer' in event
      ? [`${net.indexOf(event.peer ?? net.node(0).id) ?? ''}`]
      : [],
  );

describe('a newcomer that knows only a full node', () => {
  it('asks it for addresses, leaves, and finds the others; nobody makes room for it', () => {
    const net = full();
    net.advance(3_000);
    expect(upOf(net, 3)).toEqual([1, 2]);
    expect(upOf(net, 0)).toEqual([1, 2]);
    expect(new Set(eventsAt(net, 0, 'peer-down'))).toEqual(new Set(['3']));
    expect(net.node(3).router.peers.get(net.node(0).id)).toMatchObject({ status: 'down' });
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('finds nobody if that node has no peer exchange', () => {
    const net = full({ peerExchange: false });
    net.advance(60_000);
    expect(upOf(net, 3)).toEqual([]);
    expect(eventsAt(net, 0, 'connection-refused')).toContain('3');
    net.stop();
  });
});

const numbered = (n: number): { readonly id: NodeId; readonly publicKey: Uint8Array } => {
  const publicKey = Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? n >> (8 * at) : 7));
  return { id: nodeIdFromPublicKey(publicKey), publicKey };
};

/** A node of two slots, taken, and newcomers that connect and say nothing. */
class Full extends MockNode {
  readonly own: readonly NodeId[];
  readonly links = new Map<NodeId, MockLink>();
  #newcomers = 0;

  constructor() {
    super({ peerExchange: true, peers: { maxConnected: 2 } });
    this.start();
    this.own = [this.join('192.0.2.1'), this.join('192.0.2.2')];
    this.clock.advance(60_000);
  }

  /** A peer connects, with these channels open. */
  join(ip: string, opens: readonly number[] = []): NodeId {
    const { id, publicKey } = numbered((this.#newcomers += 1));
    const remote: Endpoint = { protocol: 'mock', ip, port: 1 };
    const nodeInfo = nodeInfoOf(this.peer, { nodeId: id });
    const link = new MockLink({ direction: 'inbound', nodeInfo, publicKey, remote, opens });
    this.links.set(id, link);
    this.arrive(of(link), remote);
    return id;
  }

  /** Whether a peer was asked for addresses. */
  hasAsked(id: NodeId): boolean {
    return this.links.get(id)?.written.includes('data 0 0a00 last') === true;
  }

  /** One newcomer each `everyMs`, in turn from these hosts. Returns the most visitors at a time. */
  flood(ms: number, everyMs: number, hosts: readonly string[]): number {
    let most = 0;
    for (let at = 0; at < ms; at += everyMs) {
      this.join(hosts[(at / everyMs) % hosts.length] ?? '');
      most = Math.max(most, this.visitors);
      this.clock.advance(everyMs);
    }
    return most;
  }

  get visitors(): number {
    return this.router.peers.list().filter(({ isVisitor }) => isVisitor).length;
  }

  get isIntact(): boolean {
    const downs = this.updates.filter((update) => update.startsWith('down'));
    return this.own.every((id) => this.router.isUp(id) && !downs.includes(`down ${id}`));
  }
}

describe('a visitor', () => {
  it('is not asked itself, so that it cannot pass on addresses', () => {
    const node = new Full();
    const visitor = node.join('192.0.2.9', [0]);
    expect(node.router.peers.get(visitor)).toMatchObject({ isVisitor: true });
    node.clock.advance(1_900);
    expect(node.router.isUp(visitor)).toBe(true);
    expect(node.hasAsked(visitor)).toBe(false);
    node.clock.advance(1_000);
    // A peer that gets a slot is asked.
    node.router.peers.setLimits({ maxConnected: 3 });
    expect(node.hasAsked(node.join('192.0.2.10', [0]))).toBe(true);
    node.stop();
  });
});

describe('a flood of newcomers at a full node', () => {
  it('from one host gets one place, and the others stay for newcomers of other hosts', () => {
    const node = new Full();
    expect(node.flood(3_000, 3, ['203.0.113.1'])).toBe(1);
    expect(node.router.isUp(node.join('192.0.2.9'))).toBe(true);
    expect(node.isIntact).toBe(true);
    node.clock.advance(2_000);
    expect(node.visitors).toBe(0);
    expect(node.router.peers.list()).toHaveLength(2);
    node.stop();
  });

  it('from 100 hosts gets a few places, none for longer than 2 s, and displaces nobody', () => {
    const node = new Full();
    const hosts = Array.from({ length: 100 }, (_, n) => `198.51.100.${n}`);
    expect(node.flood(2_000, 20, hosts)).toBe(visitorsMax);
    // An honest newcomer comes back every 100 ms, and shares the places with the flood.
    let attempts = 0;
    let isIn = false;
    while (!isIn && attempts < 100) {
      attempts += 1;
      node.flood(100, 20, hosts);
      isIn = node.router.isUp(node.join('192.0.2.9'));
    }
    expect(isIn).toBe(true);
    expect(node.isIntact).toBe(true);
    expect(node.router.peers.list().length).toBeLessThanOrEqual(2 + visitorsMax);
    node.clock.advance(2_000);
    expect(node.visitors).toBe(0);
    node.stop();
  });
});
