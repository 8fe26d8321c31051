import { setTimeout as later } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { config, map, take } from 'rxjs';
import type { Channel } from '../../lib/channel/channel.ts';
import { json } from '../../lib/codec/json.ts';
import { raw } from '../../lib/codec/raw.ts';
import { block } from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { FakeLink } from '../support/fake-link.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

/** `<number of the sender>:<first byte>` of each message, and `end`. */
function heard(channel: Channel<Uint8Array>): string[] {
  const texts: string[] = [];
  channel.in$.subscribe({
    next: ({ from, message }) => texts.push(`${parseInt(from, 16)}:${message[0] ?? 'empty'}`),
    complete: () => texts.push('end'),
  });
  return texts;
}

function arrive(link: FakeLink, ...values: number[]): void {
  for (const value of values) {
    link.arrive({ type: 'data', channel: 7, bytes: Uint8Array.of(value), last: true });
  }
}

describe('in$', () => {
  afterEach(() => {
    config.onUnhandledError = null;
  });

  it('delivers messages immediately, in order, with their sender', () => {
    const node = new LinkedNode();
    const texts = heard(open(node));
    const [one, two] = [node.peer(1).link, node.peer(2).link];
    arrive(one, 1);
    arrive(two, 2);
    arrive(one, 3);
    expect(texts).toEqual(['1:1', '2:2', '1:3']);
    one.arrive({ type: 'data', channel: 7, bytes: new Uint8Array(0), last: true });
    expect(texts.at(-1)).toBe('1:empty');
  });

  it('gives each subscriber every message from then on, and what waited to the first', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1);
    arrive(link, 1, 2);
    const first = heard(channel);
    const second = heard(channel);
    arrive(link, 3);
    expect([first, second]).toEqual([['1:1', '1:2', '1:3'], ['1:3']]);
  });

  it('keeps what arrives after the last subscriber has left for the next one, in order', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1);
    arrive(link, 1, 2, 3, 4);
    const taken: number[] = [];
    const one$ = channel.in$.pipe(
      take(1),
      map(({ message }) => message[0] ?? -1),
    );
    one$.subscribe((value) => taken.push(value));
    one$.subscribe((value) => taken.push(value));
    expect(taken).toEqual([1, 2]);
    one$.subscribe((value) => taken.push(value));
    arrive(link, 5);
    expect(taken).toEqual([1, 2, 3]);
    expect(heard(channel)).toEqual(['1:4', '1:5']);
  });

  it('alternates between peers when many messages wait', () => {
    const node = new LinkedNode();
    const channel = open(node);
    arrive(node.peer(1).link, 1, 2, 3, 4);
    arrive(node.peer(2).link, 5);
    arrive(node.peer(3).link, 6, 7);
    expect(heard(channel)).toEqual(['1:1', '2:5', '3:6', '1:2', '3:7', '1:3', '1:4']);
  });

  it('a subscriber that throws affects neither another one nor the channel', async () => {
    const thrown: unknown[] = [];
    config.onUnhandledError = (error) => thrown.push(error);
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1);
    const mistake = new Error('a mistake of the application');
    channel.in$.subscribe(() => {
      throw mistake;
    });
    const texts = heard(channel);
    arrive(link, 1, 2);
    expect(texts).toEqual(['1:1', '1:2']);
    expect(link.faults).toEqual([]);
    // RxJS reports it from a platform timer.
    await later(1);
    expect(thrown).toEqual([mistake, mistake]);
  });

  it('delivers later messages even if a handler of the drop throws', async () => {
    const thrown: unknown[] = [];
    config.onUnhandledError = (error) => thrown.push(error);
    const mistake = new Error('a mistake of the application');
    const node = new LinkedNode();
    const texts = heard(open(node, { codec: { ...raw(), decode: refuse } }));
    const { link } = node.peer(1);
    const { push } = node.events;
    node.events.push = () => {
      throw mistake;
    };
    arrive(link, 0);
    node.turn();
    node.events.push = push;
    arrive(link, 1);
    expect(texts).toEqual(['1:1']);
    expect(link.faults).toEqual([]);
    await later(1);
    expect(thrown).toEqual([mistake]);
  });

  it('reports a message that fails to decode, with its peer and channel, and continues', () => {
    const node = new LinkedNode();
    const numbers: number[] = [];
    node.channels
      .open({ id: 7, codec: json<number>() })
      .in$.subscribe(({ message }) => numbers.push(message));
    const { link } = node.peer(1);
    arrive(link, 0xff, 0x35);
    node.turn();
    expect(node.events).toMatchObject([
      {
        type: 'message-dropped',
        direction: 'inbound',
        reason: 'decode-failed',
        channel: 7,
        peer: idOf(1),
        error: { code: 'RXMESH_DECODE_FAILED', peer: idOf(1), channel: 7 },
      },
    ]);
    expect(numbers).toEqual([5]);
  });

  it('completes when the channel is closed; what waits is dropped and reported', () => {
    const node = new LinkedNode();
    const channel = open(node);
    arrive(node.peer(1).link, 1, 2);
    arrive(node.peer(2).link, 3);
    channel.close();
    channel.close();
    expect(node.takeDrops()).toEqual(['in 7 channel-closed 2', 'in 7 channel-closed 1']);
    expect(heard(channel)).toEqual(['end']);
    let closed = 0;
    channel.closed$.subscribe({ next: () => (closed += 1), complete: () => (closed += 10) });
    expect(closed).toBe(11);
  });
});

describe('messages of peers that have left', () => {
  it('are still delivered, before those of their next connection', () => {
    const node = new LinkedNode();
    const channel = open(node, { inbound: block(4) });
    const first = node.peer(1).link;
    arrive(first, 1, 2);
    first.end();
    const second = node.peer(1).link;
    arrive(second, 3, 4);
    second.end();
    expect(heard(channel)).toEqual(['1:1', '1:2', '1:3', '1:4']);
  });

  it('wait while the next connection is set up, so that none of its messages come early', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const first = node.peer(1).link;
    arrive(first, 1);
    first.end();
    const session = node.channels.offer(node.peer(2).link, idOf(1));
    session.accepted();
    session.data(7, Uint8Array.of(2), true);
    const texts = heard(channel);
    expect(texts).toEqual([]);
    session.goLive();
    expect(texts).toEqual(['1:1', '1:2']);
  });

  it('from more than 64 peers are dropped and reported, starting with the peer that left first', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const links = Array.from({ length: 66 }, (_, at) => {
      const { link } = node.peer(at + 1);
      arrive(link, at);
      return link;
    });
    // The first to arrive is the last to leave.
    const [oldest, ...others] = links;
    for (const link of others) link.end();
    node.turn();
    node.events.length = 0;
    oldest?.end();
    node.turn();
    expect(node.events).toMatchObject([
      { type: 'message-dropped', reason: 'peer-down', count: 1, peer: idOf(3) },
    ]);
    const texts = heard(channel);
    expect(texts).toHaveLength(64);
    expect(texts).toContain('1:0');
  });

  it('are reported as dropped when the channel is closed, however many they are', () => {
    const node = new LinkedNode();
    const channel = open(node);
    for (let peer = 1; peer <= 100; peer += 1) arrive(node.peer(peer).link, 1);
    channel.close();
    expect(new Set(node.takeDrops())).toEqual(new Set(['in 7 channel-closed 1']));
    expect(node.channels.drops().get(7)?.get('channel-closed')).toBe(100);
  });
});

function refuse(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0) throw new RxmeshError('RXMESH_DECODE_FAILED', 'none of ours');
  return bytes;
}

describe('out and errors', () => {
  it('accept a stream that completes or fails, and stay open', () => {
    const node = new LinkedNode();
    const channel = open(node);
    channel.out.complete();
    channel.reports.complete();
    channel.out.error('broken');
    channel.reports.error('torn');
    expect(node.events).toEqual([
      { type: 'source-failed', channel: 7, error: 'broken' },
      { type: 'source-failed', channel: 7, error: 'torn' },
    ]);
    const report = { peer: idOf(1), severity: 'note', reason: 'late' } as const;
    channel.reports.next(report);
    expect(node.reports).toEqual([report]);
    expect(node.channels.ids).toEqual([7]);
  });
});
