import { describe, expect, it } from '@jest/globals';
import { parseNodeId, type PeerCommand, type RouterEvent } from '../../../lib/index.ts';
import { eventLine } from '../../../lib/router/event-line.ts';
import { simulate, type Simulation } from '../../../lib/testing/index.ts';

const stranger = parseNodeId('ab'.repeat(20));

/** Nodes that know nobody and are not dialed back, so that only commands connect them. */
function strangers(nodes: number, options: object = {}): Simulation {
  const net = simulate({
    nodes,
    latencyMs: 20,
    knows: () => false,
    options: (node) => ({ advertise: false, ...(node === 0 ? options : {}) }),
  });
  net.start();
  return net;
}

const kindsOf = (net: Simulation): readonly string[] =>
  net.log.flatMap(({ node, event }) => {
    if (node !== 0) return [];
    if (event.type === 'peer-command') return [event.command.name];
    return 'error' in event && event.error !== undefined
      ? [`${event.type} ${(event.error as { code: string }).code}`]
      : [event.type];
  });

const peersOf = (net: Simulation) => net.node(0).router.peers;
const addressOf = (net: Simulation, node: number): string => `memory:${net.node(node).id}`;

/** The outcome of a promise, for a world in which time does not pass by itself. */
async function outcomeOf(net: Simulation, promise: Promise<unknown>, ms = 1_000): Promise<unknown> {
  const outcome = promise.then(
    () => 'up',
    (error: unknown) => (error as { code?: string }).code ?? error,
  );
  net.advance(ms);
  return Promise.race([outcome, new Promise((resolve) => setImmediate(resolve, 'waits'))]);
}

describe('router.peers: what a node knows', () => {
  it('lists peers with their state, and forgets who never was', () => {
    const net = strangers(3);
    const peers = peersOf(net);
    expect(peers.list()).toEqual([]);
    peers.add(addressOf(net, 1));
    net.advance(1_000);
    expect(peers.list()).toEqual([
      expect.objectContaining({
        id: net.node(1).id,
        status: 'up',
        links: ['outbound'],
        isChosen: true,
        failures: 0,
        lastSeenMs: net.clock.now(),
      }),
    ]);
    expect(peers.get(net.node(1).id)).toEqual(peers.list()[0]);
    expect(peers.get(net.node(2).id)).toBeUndefined();
    net.advance(500);
    const seenMs = net.clock.now();
    net.crash(1);
    net.advance(60_000);
    const record = peers.get(net.node(1).id);
    expect(record).toMatchObject({ status: 'down', links: [] });
    expect(record?.lastSeenMs).toBe(seenMs);
    expect(record?.failures).toBeGreaterThan(0);
    net.stop();
  });
});

describe('router.peers.dial', () => {
  it('resolves when the peer is up, and at once if it is', async () => {
    const net = strangers(2);
    await expect(outcomeOf(net, peersOf(net).dial(addressOf(net, 1)))).resolves.toBe('up');
    await expect(outcomeOf(net, peersOf(net).dial(addressOf(net, 1)), 0)).resolves.toBe('up');
    net.stop();
  });

  it('resolves on both sides when two nodes dial each other at the same time', async () => {
    const net = strangers(2);
    const dials = [0, 1].map((node) =>
      outcomeOf(net, net.node(node).router.peers.dial(addressOf(net, 1 - node)), 0),
    );
    net.advance(1_000);
    await expect(Promise.all(dials)).resolves.toEqual(['up', 'up']);
    net.stop();
  });

  it('rejects when the dial fails, and later dials follow', async () => {
    const net = strangers(2);
    net.crash(1);
    const dial = peersOf(net).dial(addressOf(net, 1));
    await expect(outcomeOf(net, dial)).resolves.toBe('RXMESH_DIAL_FAILED');
    net.restart(1);
    net.advance(20_000);
    expect(net.node(0).router.isUp(net.node(1).id)).toBe(true);
    net.stop();
  });

  it('rejects when the other side refuses, and for a banned peer', async () => {
    const net = simulate({
      nodes: 3,
      latencyMs: 20,
      knows: (node) => node === 2,
      options: (node) => (node === 1 ? { peers: { maxConnected: 1, reserved: 0 } } : {}),
    });
    for (const node of [1, 2]) void net.node(node).router.start();
    net.advance(1_000);
    void net.node(0).router.start();
    const dial = peersOf(net).dial(addressOf(net, 1));
    await expect(outcomeOf(net, dial)).resolves.toBe('RXMESH_PEERS_FULL');
    peersOf(net).ban({ id: net.node(2).id });
    const banned = peersOf(net).dial(addressOf(net, 2));
    await expect(outcomeOf(net, banned)).resolves.toBe('RXMESH_PEER_BANNED');
    net.stop();
  });

  it('ends its wait with the signal, and when the router stops', async () => {
    const net = strangers(3, { peers: { maxConnected: 1, maxUpgrading: 0 } });
    peersOf(net).add(addressOf(net, 1));
    net.advance(1_000);
    const controller = new AbortController();
    const dial = peersOf(net).dial(addressOf(net, 2), { signal: controller.signal });
    await expect(outcomeOf(net, dial)).resolves.toBe('waits');
    controller.abort(new Error('enough'));
    await expect(dial).rejects.toThrow('enough');
    const other = peersOf(net).dial(addressOf(net, 2));
    net.stop();
    await expect(other).rejects.toMatchObject({ code: 'RXMESH_STOPPED' });
    await expect(peersOf(net).dial(addressOf(net, 2))).rejects.toMatchObject({
      code: 'RXMESH_STOPPED',
    });
  });
});

describe('router.peers: commands', () => {
  it('disconnects a peer, which comes back after its cool-down', () => {
    const net = strangers(2);
    const { id } = net.node(1);
    peersOf(net).add(addressOf(net, 1));
    net.advance(1_000);
    expect(peersOf(net).disconnect(id)).toBe(true);
    net.advance(1_000);
    expect(net.node(0).up.size).toBe(0);
    expect(peersOf(net).disconnect(id)).toBe(false);
    net.advance(5_000);
    expect(net.node(0).up.size).toBe(1);
    expect(kindsOf(net)).toEqual([
      'add',
      'peer-up',
      'peer-evicted RXMESH_PEER_EVICTED',
      'peer-down',
      'disconnect',
      'peer-up',
    ]);
    net.stop();
  });

  it('removes a peer with its addresses', () => {
    const net = strangers(2);
    const { id } = net.node(1);
    peersOf(net).add(addressOf(net, 1));
    net.advance(1_000);
    expect(peersOf(net).remove(id)).toBe(true);
    expect(peersOf(net).remove(id)).toBe(false);
    net.advance(60_000);
    expect(net.node(0).up.size).toBe(0);
    expect(peersOf(net).list()).toEqual([]);
    expect(peersOf(net).remove(id)).toBe(false);
    net.stop();
  });

  it('a removed peer may be added again before it has left', () => {
    const net = strangers(2);
    peersOf(net).add(addressOf(net, 1));
    net.advance(1_000);
    peersOf(net).remove(net.node(1).id);
    expect(peersOf(net).add(addressOf(net, 1))).toBe(true);
    net.advance(10_000);
    expect(net.node(0).up.size).toBe(1);
    net.stop();
  });

  it('gives up a peer that is being dialed and then removed', () => {
    const net = strangers(2);
    peersOf(net).add(addressOf(net, 1));
    net.advance(10);
    expect(peersOf(net).remove(net.node(1).id)).toBe(true);
    net.advance(10_000);
    expect(net.node(0).up.size).toBe(0);
    expect(peersOf(net).list()).toEqual([]);
    net.stop();
  });

  it('makes a peer persistent, which then makes others leave', () => {
    const net = strangers(3, { peers: { maxConnected: 1, maxUpgrading: 0 } });
    const peers = peersOf(net);
    for (const node of [1, 2]) peers.add(addressOf(net, node));
    net.advance(1_000);
    const [first] = net.node(0).up;
    const other = [1, 2].map((node) => net.node(node).id).find((id) => id !== first);
    if (first === undefined || other === undefined) throw new Error('nobody is up');
    expect(peers.setPersistent(other, true)).toBe(true);
    net.advance(20_000);
    expect([...net.node(0).up]).toEqual([other]);
    expect(() => peers.setPersistent(first, true)).toThrow(
      'at most maxConnected (1) peers can be persistent, not 2',
    );
    expect(peers.setPersistent(other, false)).toBe(true);
    expect(peers.get(other)).toMatchObject({ isPersistent: false, isChosen: true });
    expect(peers.setPersistent(stranger, true)).toBe(false);
    net.stop();
  });

  it('lowers limits, and the lowest ranked peers leave', () => {
    const ranks = new Map<string, number>();
    const rank = ({ id }: { id: string }): number => ranks.get(id) ?? 0;
    const net = strangers(5, { peers: { maxConnected: 4, rank } });
    const peers = peersOf(net);
    for (const node of [1, 2, 3, 4]) {
      ranks.set(net.node(node).id, node);
      peers.add(addressOf(net, node));
    }
    net.advance(1_000);
    expect(net.node(0).up.size).toBe(4);
    peers.setLimits({ maxConnected: 2 });
    net.advance(10_000);
    expect(new Set(net.node(0).up)).toEqual(new Set([net.node(3).id, net.node(4).id]));
    peers.setLimits({ maxConnected: 4 });
    net.advance(10_000);
    expect(net.node(0).up.size).toBe(4);
    peers.setLimits({ maxOutbound: 1 });
    net.advance(1_000);
    expect(net.node(0).up.size).toBe(1);
    peers.setLimits({ maxPeers: 5, maxConnected: 1, maxOutbound: 1 });
    expect(() => peers.setLimits({ maxInbound: 2, nonsense: 1 } as object)).toThrow(
      'setLimits: there is no option nonsense; maxConnected must be at least maxInbound (2), got 1',
    );
    net.stop();
  });

  it('each command is an event, with a line for a log', () => {
    const net = strangers(2);
    const peers = peersOf(net);
    const { id } = net.node(1);
    const said: string[] = [];
    net.node(0).router.events$.subscribe((event: RouterEvent) => {
      if (event.type === 'peer-command') said.push(eventLine(event).text);
    });
    peers.add(addressOf(net, 1));
    void peers.dial(addressOf(net, 1));
    net.advance(1_000);
    peers.setPersistent(id, true);
    peers.setPersistent(id, false);
    peers.setLimits({ maxDialing: 3 });
    peers.ban({ ip: '203.0.113.7' });
    peers.unban({ ip: '203.0.113.7' });
    expect(peers.unban({ ip: '203.0.113.7' })).toBe(false);
    peers.disconnect(id);
    peers.ban({ id, forMs: 5 });
    expect(peers.bans()).toEqual([{ id, forMs: 5 }]);
    peers.redial();
    peers.remove(id);
    const short = id.slice(0, 8);
    expect(said).toEqual(
      [
        `add ${addressOf(net, 1)}`,
        `dial ${addressOf(net, 1)}`,
        `peer ${short} is now persistent`,
        `peer ${short} is no longer persistent`,
        'set limits {"maxDialing":3}',
        'ban 203.0.113.7',
        'unban 203.0.113.7',
        `disconnect peer ${short}`,
        `ban peer ${short}`,
        'redial',
        `remove peer ${short}`,
      ].map((text) => `the application: ${text}`),
    );
    net.stop();
  });
});

// The type of a command names what it is about.
({ name: 'ban', ip: '203.0.113.7' }) satisfies PeerCommand;
