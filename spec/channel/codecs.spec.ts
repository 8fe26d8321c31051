import { describe, expect, it } from '@jest/globals';
import type { Channel } from '../../lib/channel/channel.ts';
import type { Codec } from '../../lib/codec/codec.ts';
import { raw } from '../../lib/codec/raw.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import { data } from '../support/fake-link.ts';
import { heard, idOf, LinkedNode, open } from '../support/linked-node.ts';

const to = idOf(1);
const same = (bytes: Uint8Array): Uint8Array => bytes;

/** A channel whose codec has a side effect. */
function openWith(
  node: LinkedNode,
  does: Partial<Record<'encode' | 'decode', () => void>>,
): Channel<Uint8Array> {
  const after = (work?: () => void): Codec<Uint8Array>['encode'] =>
    work === undefined ? same : (bytes) => (work(), bytes);
  return open(node, { codec: { encode: after(does.encode), decode: after(does.decode) } });
}

/** The outcome of sending one message. */
function outcomeOf(channel: Channel<Uint8Array>): string[] {
  const log: string[] = [];
  channel.send({ to, message: Uint8Array.of(1) }).subscribe({
    next: ({ accepted, dropped }) => log.push(`${accepted}/${dropped}`),
    error: (error: unknown) => log.push((error as RxmeshError).code),
  });
  return log;
}

describe('a codec', () => {
  it('that encodes to anything but bytes fails the send and harms no later message', () => {
    const node = new LinkedNode();
    const encode = ((bytes: Uint8Array) => Promise.resolve(bytes)) as never;
    const channel = open(node, { codec: { ...raw(), encode } });
    const { link } = node.peer(1, { 7: 9 });
    expect(outcomeOf(channel)).toEqual(['RXMESH_ENCODE_FAILED']);
    expect(node.takeDrops()).toEqual(['out 7 encode-failed 1']);
    channel.close();
    const again = open(node);
    node.turn();
    link.take();
    again.out.next({ to, message: Uint8Array.of(2) });
    node.turn();
    expect(link.take()).toEqual(['data 7 02 last']);
  });

  it('that closes the channel while it encodes, and opens another, sends nothing on the new one', () => {
    const node = new LinkedNode();
    const channel = openWith(node, {
      encode: () => {
        channel.close();
        open(node);
      },
    });
    const { link } = node.peer(1, { 7: 9 });
    expect(outcomeOf(channel)).toEqual(['RXMESH_CHANNEL_CLOSED']);
    node.turn();
    expect(link.take().filter((text) => text.startsWith('data'))).toEqual([]);
  });

  it('that closes the channel while it decodes: the message is delivered, then `in$` completes', () => {
    const node = new LinkedNode();
    const channel = openWith(node, { decode: () => channel.close() });
    const log: unknown[] = [];
    channel.in$.subscribe({
      next: ({ message }) => log.push(message[0]),
      complete: () => log.push('complete'),
    });
    node.peer(1).link.arrive(data(7, [1]));
    expect(log).toEqual([1, 'complete']);
    expect(node.takeDrops()).toEqual([]);
  });

  it('whose only consumer leaves during decoding: the message is reported as dropped', () => {
    const node = new LinkedNode();
    const channel = openWith(node, { decode: () => consumer.unsubscribe() });
    const texts: number[] = [];
    const consumer = channel.in$.subscribe(({ message }) => texts.push(message.length));
    const { link } = node.peer(1);
    link.arrive(data(7, [1]));
    expect(texts).toEqual([]);
    expect(node.takeDrops()).toEqual(['in 7 no-recipient 1']);
    const later = heard(channel);
    link.arrive(data(7, [2]));
    expect(later).toEqual([2]);
  });

  it('whose consumer joins without demand during decoding: it gets the next message it requests', () => {
    const node = new LinkedNode();
    const log: unknown[] = [];
    let came = false;
    const channel = openWith(node, {
      decode: () => {
        if (came) return;
        came = true;
        const demand = channel.in$.consume({
          next: ({ message }) => log.push(message[0]),
          error: (error) => log.push(error),
          complete: () => log.push('complete'),
        });
        requests.push(() => demand.request(1));
      },
    });
    const requests: (() => void)[] = [];
    const first = heard(channel);
    node.peer(1).link.arrive(data(7, [1]), data(7, [2]), data(7, [3]));
    expect([first, log]).toEqual([[1], []]);
    for (const request of requests) request();
    expect([first, log]).toEqual([[1, 2], [2]]);
  });
});
