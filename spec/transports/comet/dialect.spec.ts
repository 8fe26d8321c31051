import { describe, expect, it } from '@jest/globals';
import { type NodeId, raw, type RouterOptions, RxmeshError } from '../../../lib/index.ts';
import { nodeIdFromPublicKey } from '../../../lib/model/id.ts';
import { ofKind } from '../../../operators/index.ts';
import { cometDialect, type NetAddress, peerExchange } from '../../../transports/comet/index.ts';
import { CometNetwork, type CometNode } from '../../support/comet-network.ts';
import { expectIdle } from '../../support/leaks.ts';

const bytes = (hex: string): Uint8Array =>
  Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hexOf = (data: Uint8Array): string => Buffer.from(data).toString('hex');

const idOf = (nth: number): NodeId => nodeIdFromPublicKey(new Uint8Array(32).fill(nth));
const id = 'ab'.repeat(20);
/** `PexAddrs` with one `NetAddress` of this ID: field 2, field 1, then the ID in field 1. */
const addrs = (rest: string): string => {
  const inner = 42 + rest.length / 2;
  const idText = Buffer.from(id).toString('hex');
  const hex = (value: number): string => value.toString(16).padStart(2, '0');
  return `12${hex(inner + 2)}0a${hex(inner)}0a28${idText}${rest}`;
};
const ipField = (ip: string): string =>
  `12${ip.length.toString(16).padStart(2, '0')}${Buffer.from(ip).toString('hex')}`;
const port26656 = '18a0d001';

describe('CometBFT’s dialect of peer exchange', () => {
  const { codec } = cometDialect;

  it('asks with a PexRequest', () => {
    expect(hexOf(codec.encode({ kind: 'ask' }))).toBe('0a00');
    expect(codec.decode(bytes('0a00'))).toEqual({ kind: 'ask' });
  });

  it.each([
    ['IPv4', '203.0.113.7', `tcp://${id}@203.0.113.7:26656`],
    ['IPv6', '2001:db8::7', `tcp://${id}@[2001:db8::7]:26656`],
  ])('answers with PexAddrs: %s', (_, ip, address) => {
    const hex = addrs(ipField(ip) + port26656);
    expect(hexOf(codec.encode({ kind: 'answer', addresses: [address] }))).toBe(hex);
    expect(codec.decode(bytes(hex))).toEqual({ kind: 'answer', addresses: [address] });
  });

  it('has no words for names and other transports, and CometBFT’s port for none', () => {
    const addresses = [
      `ws://${id}@203.0.113.7:4000`,
      `memory:${id}`,
      `tcp://${id}@example.com:26656`,
      `mconn://${id}@203.0.113.7`,
    ];
    const hex = addrs(ipField('203.0.113.7') + port26656);
    expect(hexOf(codec.encode({ kind: 'answer', addresses }))).toBe(hex);
  });

  it('leaves out nodes that do not listen, whose port is 0', () => {
    const heard = codec.decode(bytes(addrs(ipField('203.0.113.7'))));
    expect(heard).toEqual({ kind: 'answer', addresses: [] });
  });

  it.each([
    ['a name', addrs(ipField('example.com') + port26656), 'example.com:26656'],
    ['an empty address', '12040a020a00', 'would not take: @:0'],
    ['a port beyond 65535', addrs(`${ipField('203.0.113.7')}18808004`), '203.0.113.7:65536'],
    ['251 addresses', peerAnswer(251), 'an answer with 251 addresses, more than 250'],
  ])('takes no answer with %s', (_, hex, text) => {
    expect(() => codec.decode(bytes(hex))).toThrow(RxmeshError);
    expect(() => codec.decode(bytes(hex))).toThrow(text);
  });

  it('takes 250 addresses', () => {
    expect(codec.decode(bytes(peerAnswer(250)))).toMatchObject({ kind: 'answer' });
  });
});

function peerAnswer(count: number): string {
  const addr: NetAddress = { id, ip: '203.0.113.7', port: 1 };
  const all = Array<NetAddress>(count).fill(addr);
  return hexOf(peerExchange.codec.encode({ kind: 'pexAddrs', addrs: all }));
}

const exchanging: Partial<RouterOptions> = { peerExchange: { dialect: cometDialect } };

/** A node that speaks on CometBFT's channel of peer exchange by hand, and knows node 0. */
function byHand(net: CometNetwork) {
  const [first] = net.nodes;
  const node = net.add({ peers: { addresses: first === undefined ? [] : [first.address] } });
  const channel = node.router.openChannel(peerExchange);
  const askedAtMs: number[] = [];
  channel.in$.pipe(ofKind('pexRequest')).subscribe(() => askedAtMs.push(net.clock.now()));
  const answers: NetAddress[][] = [];
  channel.in$.pipe(ofKind('pexAddrs')).subscribe(({ message }) => answers.push([...message.addrs]));
  return { node, channel, askedAtMs, answers };
}

const reportsOf = ({ events }: CometNode): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'peer-reported'
      ? [event.error.message.replace(/^peer .* was reported: /, '')]
      : [],
  );

describe('peer exchange over CometBFT’s wire', () => {
  it('nodes that know one address find each other', () => {
    const net = new CometNetwork();
    const seed = net.add(exchanging);
    for (let nth = 1; nth < 4; nth += 1) {
      net.add({ ...exchanging, peers: { addresses: [seed.address] } });
    }
    net.start();
    net.clock.advance(30_000);
    for (const node of net.nodes) expect(net.upOf(node)).toHaveLength(3);
    expect(seed.router.peers.get(net.nodes[3]?.router.id ?? seed.router.id)).toMatchObject({
      isChosen: false,
    });
    expect(net.nodes.flatMap(reportsOf)).toEqual([]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('answers tell addresses that the peer can dial, and each question gets one', () => {
    const net = new CometNetwork();
    const first = net.add(exchanging);
    const { node, channel, answers } = byHand(net);
    const other = net.add({ ...exchanging, peers: { addresses: [first.address] } });
    net.start();
    net.clock.advance(1_000);
    channel.out.next({ to: first.router.id, message: { kind: 'pexRequest' } });
    net.clock.advance(1_000);
    expect(answers).toEqual([[{ id: other.router.id, ip: '192.0.2.3', port: 26_656 }]]);
    expect(net.upOf(node)).toEqual([0, 2]);
    net.stop();
    expectIdle(net.clock.scheduler);
  });

  it('never asks as often as CometBFT punishes: 10 s after a question, but for the first', () => {
    const net = new CometNetwork();
    // The shortest pauses that chance can give, and answers that always have something new.
    const asking = net.add({ ...exchanging, random: () => 0 });
    const { channel, askedAtMs } = byHand(net);
    let told = 0;
    channel.in$.pipe(ofKind('pexRequest')).subscribe(({ from }) => {
      told += 1;
      const news = [{ id: idOf(100 + told), ip: '198.51.100.9', port: told }];
      channel.out.next({ to: from, message: { kind: 'pexAddrs', addrs: news } });
    });
    net.start();
    net.clock.advance(200_000);
    const pauses = askedAtMs.slice(1).map((ms, nth) => ms - (askedAtMs[nth] ?? 0));
    expect(pauses.length).toBeGreaterThan(8);
    // 12 s, give or take the 10 ms in which small messages wait for others.
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(11_990);
    expect(asking.router.peers.get(idOf(101))).toMatchObject({ isChosen: false });
    expect(reportsOf(asking)).toEqual([]);
    net.stop();
  });

  it('sends no addresses unasked', () => {
    const net = new CometNetwork();
    net.add(exchanging);
    const { answers } = byHand(net);
    net.add({ ...exchanging, peers: { addresses: [net.nodes[0]?.address ?? ''] } });
    net.start();
    net.clock.advance(200_000);
    expect(answers).toEqual([]);
    net.stop();
  });

  it('reports answers that nobody asked for, and learns nothing from them', () => {
    const net = new CometNetwork();
    const first = net.add(exchanging);
    const { channel, askedAtMs } = byHand(net);
    net.start();
    net.clock.advance(1_000);
    expect(askedAtMs).toHaveLength(1);
    const to = first.router.id;
    const answer = (ip: string) => ({
      to,
      message: { kind: 'pexAddrs' as const, addrs: [{ id: idOf(9), ip, port: 1 }] },
    });
    channel.out.next({ to, message: { kind: 'pexAddrs', addrs: [] } });
    channel.out.next(answer('198.51.100.9'));
    net.clock.advance(1_000);
    expect(reportsOf(first)).toEqual(['it answers without being asked']);
    expect(first.router.peers.get(idOf(9))).toBeUndefined();
    net.stop();
  });

  it('drops and reports an answer that is malformed', () => {
    const net = new CometNetwork();
    const first = net.add(exchanging);
    const node = net.add({ peers: { addresses: [first.address] } });
    const channel = node.router.openChannel({ id: 0, codec: raw() });
    channel.in$.subscribe(({ from: to }) => {
      channel.out.next({ to, message: bytes(addrs(ipField('example.com') + port26656)) });
    });
    net.start();
    net.clock.advance(2_000);
    const drops = first.events.flatMap((event) =>
      event.type === 'message-dropped' ? [event.reason] : [],
    );
    expect(drops).toEqual(['decode-failed']);
    expect(first.router.peers.list()).toHaveLength(1);
    net.stop();
  });

  it('a seed answers, hangs up, and stays with peers that its program has named', () => {
    const net = new CometNetwork();
    const seed = net.add({ peerExchange: { dialect: cometDialect, seed: true } });
    const { channel, answers } = byHand(net);
    const friend = net.add();
    friend.router.openChannel(peerExchange);
    seed.router.peers.add(friend.address);
    net.start();
    net.clock.advance(1_000);
    expect(net.upOf(seed)).toEqual([1, 2]);
    channel.out.next({ to: seed.router.id, message: { kind: 'pexRequest' } });
    net.clock.advance(1_000);
    expect(answers.map((addrs) => addrs.map(({ ip }) => ip))).toEqual([['192.0.2.3']]);
    net.clock.advance(500);
    expect(net.upOf(seed)).toEqual([2]);
    net.stop();
  });
});
