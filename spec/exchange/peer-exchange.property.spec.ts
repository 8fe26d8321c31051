import { describe, expect, it } from '@jest/globals';
import {
  type ExchangeMessage,
  type NodeId,
  raw,
  type RouterEvent,
  type RouterOptions,
} from '../../lib/index.ts';
import { exchangeCodec } from '../../lib/exchange/messages.ts';
import { simulate, type Simulation } from '../../lib/testing/index.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf } from '../support/linked-node.ts';
import { size } from '../support/runs.ts';

type Options = (node: number) => Partial<RouterOptions>;

/** A network in which node 0 knows all others, and they know node 0. */
function star(nodes: number, options: Options = () => ({})): Simulation {
  return simulate({
    nodes,
    latencyMs: 20,
    knows: (node, other) => node === 0 || other === 0,
    options: (node) => ({ peerExchange: true, ...options(node) }),
  });
}

const upOf = (net: Simulation, node: number): readonly number[] =>
  net.nodes.flatMap(({ id }, index) => (net.node(node).up.has(id) ? [index] : []));

const reportsOf = (net: Simulation, node: number): readonly string[] =>
  net.log.flatMap(({ node: at, event }) =>
    at === node && event.type === 'peer-reported'
      ? [event.error.message.replace(/^peer .* was reported: /, '')]
      : [],
  );

/** A node that speaks on the channel of peer exchange by hand. */
function byHand(net: Simulation, node: number) {
  const channel = net.node(node).router.openChannel({ id: 0, codec: exchangeCodec });
  const asked: NodeId[] = [];
  channel.in$.subscribe(({ from, message }) => {
    if (message.kind === 'ask') asked.push(from);
  });
  const to = net.node(0).id;
  return {
    asked,
    say: (message: ExchangeMessage) => channel.out.next({ to, message }),
    channel,
  };
}

const without = { peerExchange: false };

describe('peer exchange', () => {
  it('PM-69, B-29, B-30 nodes that know one address find each other', () => {
    const net = star(6);
    net.start();
    net.advance(10_000);
    for (let node = 0; node < 6; node += 1) expect(upOf(net, node)).toHaveLength(5);
    expect(net.node(1).router.peers.get(net.node(2).id)).toMatchObject({ isChosen: false });
    expect(reportsOf(net, 0)).toEqual([]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  const stores: readonly [string, number, number][] = [
    ['far too small for them', 6, 6],
    ['far larger', 1_000, 13],
  ];

  it.each(stores.slice(0, size(2, 1)))(
    'B-30 ten nodes join through one; their stores are %s',
    (_, maxPeers, known) => {
      const few = { maxConnected: 6, wanted: 3, maxUpgrading: 0, maxPeers };
      const net = simulate({
        nodes: 14,
        latencyMs: 20,
        knows: (node, other) => other === (node < 4 ? (node + 1) % 4 : 3),
        options: () => ({ peerExchange: true, peers: few }),
      });
      for (const node of [0, 1, 2, 3]) void net.node(node).router.start();
      net.advance(10_000);
      for (const { router } of net.nodes.slice(4)) void router.start();
      net.advance(size(60_000, 15_000));
      const connected = net.nodes.reduce((sum, { up }) => sum + up.size, 0);
      expect(connected / net.nodes.length).toBeGreaterThan(few.wanted);
      for (let node = 0; node < 14; node += 1) {
        expect(upOf(net, node)).not.toEqual([]);
        expect(net.node(node).router.peers.list().length).toBeGreaterThanOrEqual(0.9 * known);
      }
      net.stop();
      expectIdle(net.clock.scheduler);
    },
  );

  it('without it, they stay with the one that they know', () => {
    const net = star(4, () => without);
    net.start();
    net.advance(60_000);
    expect(upOf(net, 1)).toEqual([0]);
    net.stop();
  });

  it('keeps private peers to itself', () => {
    const secret = simulate({ nodes: 4, latencyMs: 20 }).node(3).id;
    const options: Options = (node) => {
      if (node === 0) return { peers: { private: [secret] } };
      return node === 1 ? without : {};
    };
    const net = star(4, options);
    const { say, channel } = byHand(net, 1);
    const answers: ExchangeMessage[] = [];
    channel.in$.subscribe(({ message }) => {
      if (message.kind === 'answer') answers.push(message);
    });
    net.start();
    say({ kind: 'ask' });
    net.advance(100);
    expect(answers).toEqual([{ kind: 'answer', addresses: [`memory:${net.node(2).id}`] }]);
    net.stop();
  });

  it('B-35 asks less and less often while there is nothing new', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    const { asked, say } = byHand(net, 1);
    net.start();
    const answered = (ms: number): number => {
      const before = asked.length;
      for (let passed = 0; passed < ms; passed += 1_000) {
        const count = asked.length;
        net.advance(1_000);
        if (asked.length > count) say({ kind: 'answer', addresses: [] });
      }
      return asked.length - before;
    };
    expect(answered(20_000)).toBeGreaterThanOrEqual(4);
    expect(answered(3_600_000)).toBeLessThan(14);
    expect(answered(3_600_000)).toBeLessThan(9);
    expect(reportsOf(net, 0)).toEqual([]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });
});

describe('peer exchange: when it asks', () => {
  /** Answers each question with an address that node 0 does not know; it knows 385 others. */
  const askedIn = (ms: number, maxPeers: number): number => {
    const net = star(2, (node) => (node === 1 ? without : { peers: { maxPeers, retryMinMs: 0 } }));
    const { asked, say } = byHand(net, 1);
    net.start();
    for (let nth = 0; nth < 385; nth += 1) {
      net.node(0).router.peers.add(`memory:${idOf(10_000 + nth)}`);
    }
    net.advance(60_000);
    const before = asked.length;
    let answers = 0;
    for (let passed = 0; passed < ms; passed += 1_000) {
      if (asked.length > answers) {
        answers += 1;
        say({ kind: 'answer', addresses: [`memory:${idOf(answers)}`] });
      }
      net.advance(1_000);
    }
    net.stop();
    return asked.length - before;
  };

  it.each([
    ['every 10 s or so while there is news', 800, 14, 30],
    ['every 10 minutes once it knows 95 % of the peers that it may know', 400, 0, 1],
  ])('B-35 %s', (_, maxPeers, least, most) => {
    const asked = askedIn(200_000, maxPeers);
    expect(asked).toBeGreaterThanOrEqual(least);
    expect(asked).toBeLessThanOrEqual(most);
  });

  it('B-35 the first that comes, within a second, after a time without any peer', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    const { asked } = byHand(net, 1);
    void net.node(0).router.start();
    net.advance(3_600_000);
    expect(asked).toEqual([]);
    void net.node(1).router.start();
    while (net.node(0).up.size === 0) net.advance(10);
    const upMs = net.now();
    while (asked.length === 0) net.advance(10);
    expect(net.now() - upMs).toBeLessThanOrEqual(1_000);
    net.stop();
  });
});

describe('peer exchange: peers that do not play by the rules', () => {
  const other = simulate({ nodes: 5 }).node(4).id;

  it('B-32 reports answers that nobody asked for, and learns nothing from them', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    const { asked, say } = byHand(net, 1);
    net.start();
    net.advance(1_000);
    expect(asked).toHaveLength(1);
    say({ kind: 'answer', addresses: [] });
    say({ kind: 'answer', addresses: [`memory:${other}`] });
    net.advance(100);
    expect(reportsOf(net, 0)).toEqual(['it answers without being asked']);
    expect(net.node(0).router.peers.get(other)).toBeUndefined();
    net.stop();
  });

  it('reports what is not an address, and keeps what came before it', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    const { say } = byHand(net, 1);
    net.start();
    net.advance(1_000);
    say({ kind: 'answer', addresses: [`memory:${other}`, 'nonsense', 'more'] });
    net.advance(100);
    expect(reportsOf(net, 0)).toEqual([expect.stringContaining('nonsense')]);
    expect(net.node(0).router.peers.get(other)).toMatchObject({ isChosen: false });
    net.stop();
  });

  it('an address that it cannot dial is left out, without a report', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    const { say } = byHand(net, 1);
    net.start();
    net.advance(1_000);
    say({ kind: 'answer', addresses: [`tcp://${other}@203.0.113.7:1`] });
    net.advance(100);
    expect(reportsOf(net, 0)).toEqual([]);
    expect(net.node(0).router.peers.get(other)).toBeUndefined();
    net.stop();
  });

  it('B-31 answers a few questions at once, and reports further ones', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    const { say, channel } = byHand(net, 1);
    const answers: ExchangeMessage[] = [];
    channel.in$.subscribe(({ message }) => {
      if (message.kind === 'answer') answers.push(message);
    });
    net.start();
    net.advance(100);
    for (let ask = 0; ask < 6; ask += 1) {
      say({ kind: 'ask' });
      net.advance(200);
    }
    expect(answers).toHaveLength(4);
    const reports = reportsOf(net, 0).filter((text) => text.includes('too often'));
    expect(reports).toHaveLength(2);
    net.stop();
  });

  it('reports a peer that does not answer', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    byHand(net, 1);
    net.start();
    net.advance(4_000);
    expect(reportsOf(net, 0)).toEqual([]);
    net.advance(10_000);
    expect(reportsOf(net, 0)).toEqual(['it does not answer questions for addresses']);
    net.stop();
  });

  it('reports nobody over a line on which answers take longer than the pause', () => {
    const net = star(3);
    net.latencyMs = 2_000;
    net.launch();
    net.advance(600_000);
    for (let node = 0; node < 3; node += 1) expect(reportsOf(net, node)).toEqual([]);
    net.stop();
  });

  it('goes on with others when a peer takes no messages as long as its own', () => {
    const net = star(4, (node) => (node === 1 ? without : {}));
    const { router } = net.node(1);
    router.openChannel({ id: 0, codec: exchangeCodec, messageBytesMax: 1 });
    net.start();
    net.advance(10_000);
    expect(net.log.filter(({ event }) => event.type === 'fatal')).toEqual([]);
    expect(upOf(net, 2)).toEqual([0, 1, 3]);
    net.stop();
  });

  it('counts what it cannot decode', () => {
    const net = star(2, (node) => (node === 1 ? without : {}));
    const channel = net.node(1).router.openChannel({ id: 0, codec: raw() });
    channel.in$.subscribe();
    net.start();
    net.advance(100);
    channel.out.next({ broadcast: true, message: Uint8Array.of(255) });
    net.advance(100);
    const drops = net.log.flatMap(({ event }: { event: RouterEvent }) =>
      event.type === 'message-dropped' ? [event.reason] : [],
    );
    expect(drops).toEqual(['decode-failed']);
    net.stop();
  });
});

describe('peer exchange: a seed', () => {
  const asSeed: Options = (node) => {
    const peers = { maxConnected: 3, reserved: 0, maxUpgrading: 0 };
    return node === 0 ? { peerExchange: { seed: true }, peers } : {};
  };

  it('answers, hangs up, and serves more newcomers than it has slots', () => {
    const net = simulate({
      nodes: 8,
      latencyMs: 20,
      knows: (node, other) => other === 0 || (node === 1 && other > 1),
      options: (node) => ({ peerExchange: true, ...asSeed(node) }),
    });
    for (const { router } of net.nodes) void router.start();
    net.advance(size(120_000, 60_000));
    for (let node = 2; node < 8; node += 1) expect(upOf(net, node).length).toBeGreaterThan(2);
    const hungUp = net.log.filter(({ node, event }) => node === 0 && event.type === 'peer-evicted');
    expect(hungUp.length).toBeGreaterThan(3);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('hangs up on a peer that does not ask, but not on one of its own', () => {
    const net = simulate({
      nodes: 3,
      latencyMs: 20,
      knows: (node, other) => (node === 1 && other === 0) || (node === 0 && other === 2),
      options: (node) => (node === 0 ? { peerExchange: { seed: true } } : {}),
    });
    for (const node of [1, 2]) byHand(net, node);
    net.start();
    net.advance(59_000);
    expect(upOf(net, 0)).toEqual([1, 2]);
    net.advance(2_000);
    expect(upOf(net, 0)).toEqual([2]);
    net.stop();
  });
});

describe('the option peerExchange', () => {
  it.each([
    [5, 'peerExchange must be true, false or an object, got 5'],
    [{ chanel: 1 }, 'there is no option peerExchange.chanel'],
    [{ channel: -1 }, 'peerExchange.channel must be an integer from 0 to 65535, got -1'],
    [
      { dialect: 'comet' },
      'peerExchange.dialect must be a dialect, such as cometDialect, got "comet"',
    ],
    [{ dialect: { codec: {} } }, 'peerExchange.dialect must be a dialect, such as cometDialect'],
    [{ seed: 'yes' }, 'peerExchange.seed must be true or false, got "yes"'],
  ])('%j is wrong', (peerExchange, text) => {
    const options = () => ({ peerExchange: peerExchange as never });
    expect(() => simulate({ nodes: 1, options })).toThrow(text);
  });

  it('takes another channel', () => {
    const net = star(3, () => ({ peerExchange: { channel: 7 } }));
    net.start();
    net.advance(10_000);
    expect(upOf(net, 1)).toEqual([0, 2]);
    const channels = net.log.flatMap(({ event }) =>
      event.type === 'peer-up' ? event.channels : [],
    );
    expect(new Set(channels)).toEqual(new Set([7]));
    net.stop();
  });
});
