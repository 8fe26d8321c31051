import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import {
  block,
  json,
  type Channel,
  type PeerReport,
  type RouterEvent,
  type RxmeshError,
} from '../../../lib/index.ts';
import { simulate } from '../../../lib/testing/index.ts';
import { drops, heard } from '../../support/heard.ts';
import { expectIdle } from '../../support/leaks.ts';
import { MockNode } from '../../support/mock-node.ts';
import type { MockLink } from '../../support/mock-transport.ts';

/** A node with a peer that has credit for two messages on channel 2. */
function withPeer(): { node: MockNode; link: MockLink; channel: Channel<string> } {
  const node = new MockNode();
  const channel = node.router.openChannel({ id: 2, codec: json<string>(), inbound: block(2) });
  node.start();
  const link = node.link('inbound');
  node.arrive(of(link));
  return { node, link, channel };
}

const say = (link: MockLink, channel: number, text: string): void =>
  link.receiver?.data(channel, new TextEncoder().encode(JSON.stringify(text)), true);

const lastDown = (events: readonly RouterEvent[]): unknown =>
  events.filter(({ type }) => type === 'peer-down').at(-1);

describe('a peer that violates the protocol', () => {
  it('sends beyond its credit: it is disconnected, and its earlier messages are kept', () => {
    const { node, link, channel } = withPeer();
    const reports: PeerReport[] = [];
    node.router.reports$.subscribe((report) => reports.push(report));
    say(link, 2, 'one');
    say(link, 2, 'two');
    node.clock.advance(0);
    expect(link.closedFor).toBeUndefined();
    say(link, 2, 'three');
    expect(link.closedFor).toBe('violation');
    expect(lastDown(node.events)).toMatchObject({
      peer: node.peer.id,
      error: { code: 'RXMESH_CREDIT_EXCEEDED', peer: node.peer.id, channel: 2 },
    });
    expect(node.updates).toEqual([`up ${node.peer.id}`, `down ${node.peer.id}`]);
    expect(reports).toMatchObject([
      { peer: node.peer.id, severity: 'penalize', reason: { code: 'RXMESH_CREDIT_EXCEEDED' } },
    ]);
    const texts: string[] = [];
    channel.in$.subscribe(({ message }) => texts.push(message));
    expect(texts).toEqual(['one', 'two']);
    node.stop();
  });

  it('sends on a channel that was never opened', () => {
    const { node, link } = withPeer();
    say(link, 99, 'x');
    expect(link.closedFor).toBe('violation');
    expect(lastDown(node.events)).toMatchObject({
      error: { code: 'RXMESH_CREDIT_EXCEEDED', channel: 99 },
    });
    node.stop();
  });

  it('grants more credit than is valid', () => {
    const { node, link } = withPeer();
    link.receiver?.credit(2, 2 ** 53 - 1, 1000);
    link.receiver?.credit(2, 1, 1000);
    expect(link.closedFor).toBe('violation');
    expect(lastDown(node.events)).toMatchObject({ error: { code: 'RXMESH_PROTOCOL_VIOLATION' } });
    node.stop();
  });

  it('opens more channels than allowed', () => {
    const { node, link } = withPeer();
    for (let channel = 0; channel <= 4096; channel += 1) link.receiver?.credit(channel, 1, 1000);
    expect(link.closedFor).toBe('violation');
    expect(lastDown(node.events)).toMatchObject({ error: { code: 'RXMESH_PROTOCOL_VIOLATION' } });
    node.stop();
  });
});

describe('a message that cannot be accepted', () => {
  it('too large for the sender: dropped there', () => {
    const net = simulate({ nodes: 2 });
    const chat = net.openChannels({ id: 1, codec: json<string>(), messageBytesMax: 100 });
    net.start();
    const texts = heard(net, chat(1));
    let code: unknown;
    chat(0)
      .send({ to: net.node(1).id, message: 'x'.repeat(99) })
      .subscribe({ error: (error: unknown) => (code = (error as RxmeshError).code) });
    chat(0).out.next({ to: net.node(1).id, message: 'x'.repeat(98) });
    net.advance(0);
    expect(code).toBe('RXMESH_MESSAGE_TOO_LARGE');
    expect(drops(net)).toEqual(['0 outbound 1 too-large']);
    expect(texts).toHaveLength(1);
    net.stop();
  });

  it.each([200, 70_000, 3_000_000])(
    'too large for the receiver, %i bytes: its sender drops and reports it, and the link stays',
    (length) => {
      const net = simulate({ nodes: 2, latencyMs: 1 });
      const options = { id: 1, codec: json<string>(), inbound: block(1) };
      const outbound = block(8, { bytes: 2 ** 26 });
      const sender = net.node(0).router.openChannel({ ...options, outbound });
      const receiver = net.node(1).router.openChannel({ ...options, messageBytesMax: 100 });
      net.start();
      const texts = heard(net, receiver);
      const to = net.node(1).id;
      for (let i = 0; i < 5; i += 1) sender.out.next({ to, message: 'x'.repeat(length) });
      sender.out.next({ to, message: 'small' });
      net.advance(10_000);
      expect(drops(net)).toEqual(Array(5).fill('0 outbound 1 too-large'));
      expect(net.log.at(-1)?.event).toMatchObject({
        error: { code: 'RXMESH_MESSAGE_TOO_LARGE', peer: to, channel: 1 },
      });
      expect(texts).toEqual(['0: small']);
      expect(net.node(1).up.size).toBe(1);
      net.stop();
      expectIdle(net.clock.scheduler);
    },
  );

  it('of the wrong type: dropped and reported, its credit is returned, and the link stays', () => {
    const net = simulate({ nodes: 2, latencyMs: 1 });
    const isNumber = (value: unknown): number => {
      if (typeof value === 'number') return value;
      throw new TypeError('not a number');
    };
    const sender = net.node(0).router.openChannel({ id: 1, codec: json<unknown>() });
    const receiver = net.node(1).router.openChannel({
      id: 1,
      codec: json<number>({ validate: isNumber }),
      inbound: block(1),
    });
    net.start();
    const texts = heard(net, receiver);
    for (const message of ['a', 'b', 'c', 4]) sender.out.next({ broadcast: true, message });
    net.advance(1_000);
    expect(drops(net)).toEqual(Array(3).fill('1 inbound 1 decode-failed'));
    expect(texts).toEqual(['0: 4']);
    expect(net.node(1).up.size).toBe(1);
    net.stop();
  });
});

describe('incompatible nodes', () => {
  it.each([
    { name: 'networks', options: (node: number) => ({ network: `net-${node}` }) },
    {
      name: 'block versions',
      options: (node: number) => ({ protocolVersion: { block: node, app: 0 } }),
    },
  ])('with different $name do not connect, and do not redial soon', ({ options }) => {
    const net = simulate({ nodes: 2, latencyMs: 1, options });
    net.launch();
    net.advance(30 * 60_000);
    expect(net.nodes.map(({ up }) => up.size)).toEqual([0, 0]);
    const failed = net.log.filter(({ event }) => event.type === 'dial-failed');
    expect(failed.map(({ node }) => node).sort()).toEqual([0, 1]);
    for (const { node, event } of failed) {
      const peer = net.node(1 - node).id;
      expect(event).toMatchObject({ error: { code: 'RXMESH_INCOMPATIBLE', peer } });
    }
    net.stop();
  });

  it('without a common channel do not connect; with one they do', () => {
    const net = simulate({ nodes: 3 });
    const open = (node: number, ...ids: number[]): void => {
      for (const id of ids) net.node(node).router.openChannel({ id, codec: json<string>() });
    };
    open(0, 1, 2);
    open(1, 2, 3);
    open(2, 3, 4);
    net.launch();
    net.advance(10_000);
    expect(
      net.nodes.map(({ up }) => [...up].map((id) => net.nodes.findIndex((n) => n.id === id))),
    ).toEqual([[1], expect.arrayContaining([0, 2]), [1]]);
    net.stop();
  });
});
