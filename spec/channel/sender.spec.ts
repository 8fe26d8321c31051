import { describe, expect, it } from '@jest/globals';
import type { Channel, SlowPeerPolicy } from '../../lib/channel/channel.ts';
import { sendingChannel, type Sender } from '../../lib/channel/sending-channel.ts';
import { block, fail } from '../../lib/flow/strategy.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import { trackLeaks } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const one = idOf(1);
const to = (peer: number, value: number): OutboundEnvelope<Uint8Array> => ({
  to: idOf(peer),
  message: Uint8Array.of(value),
});
const toAll = (value: number): OutboundEnvelope<Uint8Array> => ({
  broadcast: true,
  message: Uint8Array.of(value),
});

/** A sender with a log of its counts: `1/0` (accepted, dropped), and the code of an error. */
function senderOf(channel: Channel<Uint8Array>): [Sender<Uint8Array>, string[]] {
  const log: string[] = [];
  const sender = sendingChannel('spec', channel).sender(({ accepted, dropped }, error) => {
    log.push(`${accepted}/${dropped}${error === undefined ? '' : ` ${error.code}`}`);
  }, 0);
  return [sender, log];
}

describe('a sender', () => {
  it('counts what is settled immediately', () => {
    const node = new LinkedNode();
    const [sender, log] = senderOf(open(node));
    node.peer(1, { 7: 9 });
    node.peer(2, { 7: 9 });
    expect(sender.send(toAll(1))).toBe(true);
    expect(sender).toMatchObject({ accepted: 2, dropped: 0 });
    expect(sender.send(to(3, 2))).toBe(true);
    expect(sender).toMatchObject({ accepted: 2, dropped: 1 });
    expect(log).toEqual([]);
  });

  it('reports once when a waiting message is settled, and can send the next one from within', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const links = [1, 2].map((peer) => node.peer(peer, { 7: 0 }).link);
    const settled: string[] = [];
    const sender = sendingChannel('spec', channel).sender(({ accepted, dropped }) => {
      settled.push(`${accepted}/${dropped}`);
      if (settled.length < 3) expect(sender.send(toAll(2))).toBe(false);
    }, 0);
    expect(sender.send(toAll(0))).toBe(true);
    expect(sender.send(toAll(1))).toBe(false);
    links[0]?.arrive({ type: 'credit', channel: 7, messages: 9, bytes: 2 ** 30 });
    node.turn();
    expect(settled).toEqual([]);
    links[1]?.arrive({ type: 'credit', channel: 7, messages: 9, bytes: 2 ** 30 });
    node.turn();
    expect(settled).toEqual(['4/0', '6/0', '8/0']);
    expect(links.map((link) => link.take().length)).toEqual([4, 4]);
  });

  it('sends one message at a time', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    node.peer(1, { 7: 0 });
    const [sender] = senderOf(channel);
    sender.send(to(1, 1));
    sender.send(to(1, 2));
    expect(() => sender.send(to(1, 3))).toThrow(TypeError);
    sender.unsubscribe();
    expect(sender.send(to(2, 3))).toBe(true);
  });

  it('throws what `send` fails with, and can send the next one', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: fail(1), messageBytesMax: 1 });
    node.peer(1, { 7: 0 });
    const [sender, log] = senderOf(channel);
    const codeOf = (envelope: OutboundEnvelope<Uint8Array>): unknown => {
      try {
        return sender.send(envelope);
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    };
    expect(codeOf({ to: one, message: new Uint8Array(2) })).toBe('RXMESH_MESSAGE_TOO_LARGE');
    expect(codeOf(to(1, 1))).toBe(true);
    expect(codeOf(to(1, 1))).toBe('RXMESH_OVERFLOW');
    expect(codeOf({ message: Uint8Array.of(1) } as never)).toBe('RXMESH_UNDELIVERABLE');
    expect(codeOf(to(2, 1))).toBe(true);
    channel.close();
    expect(codeOf(to(1, 1))).toBe('RXMESH_CHANNEL_CLOSED');
    expect(log).toEqual([]);
  });

  it('reports a channel that closes and a peer that leaves while a message waits', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link } = node.peer(1, { 7: 0 });
    node.peer(2, { 7: 0 });
    const [sender, log] = senderOf(channel);
    sender.send(toAll(1));
    sender.send(toAll(2));
    link.end();
    expect(log).toEqual([]);
    channel.close();
    expect(log).toEqual(['2/2 RXMESH_CHANNEL_CLOSED']);
  });

  it.each([
    ['a broadcast', to(1, 0), toAll(1), '1/1'],
    ['a message to it', toAll(0), to(1, 1), '0/1'],
  ])(
    'misses a peer that leaves while %s waits: counted, though the next message waits elsewhere',
    (_, filling, waiting, settled) => {
      const node = new LinkedNode();
      const channel = open(node, { outbound: block(1) });
      const { link } = node.peer(1, { 7: 0 });
      node.peer(2, { 7: 0 });
      const log: string[] = [];
      const sender = sendingChannel('spec', channel).sender(({ accepted, dropped }) => {
        log.push(`${accepted}/${dropped}`);
        expect(sender.send(to(2, 2))).toBe(false);
      }, 0);
      channel.out.next(filling);
      expect(sender.send(waiting)).toBe(false);
      link.end();
      expect([log, node.takeDrops()]).toEqual([[settled], ['out 7 peer-down 2']]);
      sender.unsubscribe();
    },
  );

  it('withdraws a message from all lanes, and hears no more about it', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const links = [1, 2].map((peer) => node.peer(peer, { 7: 0 }).link);
    const [sender, log] = senderOf(channel);
    sender.send(toAll(1));
    sender.send(toAll(2));
    sender.unsubscribe();
    sender.unsubscribe();
    for (const link of links)
      link.arrive({ type: 'credit', channel: 7, messages: 9, bytes: 2 ** 30 });
    node.turn();
    expect(links.map((link) => link.take())).toEqual([['data 7 01 last'], ['data 7 01 last']]);
    expect([log, node.takeDrops()]).toEqual([[], []]);
  });

  it('may be withdrawn, and used to send again, while its lane is being emptied', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link } = node.peer(1, { 7: 0 });
    node.peer(2, { 7: 0 });
    channel.out.next(toAll(0));
    const [second, log] = senderOf(channel);
    const first = sendingChannel('spec', channel).sender(() => {
      second.unsubscribe();
      second.send(to(2, 3));
    }, 0);
    first.send(to(1, 1));
    second.send(to(1, 2));
    link.end();
    expect(log).toEqual([]);
    channel.close();
    expect(log).toEqual(['0/1 RXMESH_CHANNEL_CLOSED']);
  });

  const policies: SlowPeerPolicy[] = ['wait', 'drop', { evictAfterMs: 1 }];

  it.each(policies)(
    '%j: may be withdrawn by a drop handler while the message is offered',
    (slowPeer) => {
      const node = new LinkedNode();
      const one = open(node, { outbound: block(1), slowPeer });
      const peers = [1, 2, 3].map((peer) => node.peer(peer, { 7: 0 }));
      one.out.next(toAll(0));
      const sender = sendingChannel('spec', one).sender(() => undefined, 0);
      // The second peer's connection ends, as the host sees it, once the message has found its
      // place at the first.
      Object.defineProperty(peers[1]?.session, 'outbox', {
        value: () => {
          sender.unsubscribe();
          return undefined;
        },
      });
      expect(sender.send(toAll(1))).toBe(false);
      node.clock.advance(10);
      for (const { link } of peers)
        link.arrive({ type: 'credit', channel: 7, messages: 9, bytes: 2 ** 30 });
      node.turn();
      expect(peers.map(({ link }) => link.take().length)).toEqual([1, 1, 1]);
      expect(node.reports).toEqual([]);
    },
  );
});

trackLeaks();
