import { describe, expect, it } from '@jest/globals';
import { concatMap, NEVER, range, Subject, type Observable } from 'rxjs';
import type { Channel, ChannelOptions, SendReport } from '../../lib/channel/channel.ts';
import { json } from '../../lib/codec/json.ts';
import { block, dropNewest, dropOldest, fail, latest } from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import { waitingSendsMax } from '../../lib/session/waiting-sends.ts';
import { credit } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode } from '../support/linked-node.ts';
import { size } from '../support/runs.ts';

function open(node: LinkedNode, options: Partial<ChannelOptions<number>> = {}): Channel<number> {
  return node.channels.open({ id: 7, codec: json<number>(), ...options });
}

/** The outcome of a send: `2/1` (accepted, dropped), `end`, or the code of its error. */
function follow(send$: Observable<SendReport>, stop$: Observable<unknown> = NEVER): string[] {
  const log: string[] = [];
  const subscription = send$.subscribe({
    next: ({ accepted, dropped }) => log.push(`${accepted}/${dropped}`),
    error: (error: unknown) => log.push(error instanceof RxmeshError ? error.code : 'a stranger'),
    complete: () => log.push('end'),
  });
  subscription.add(stop$.subscribe(() => subscription.unsubscribe()));
  return log;
}

const one = idOf(1);

/** The digits of what was written. */
const written = (texts: string[]): string[] =>
  texts
    .filter((text) => text.startsWith('data'))
    .map((text) => String.fromCharCode(parseInt(text.split(' ')[2] ?? '', 16)));

describe('send', () => {
  it('does nothing before it is subscribed, and sends again for each subscriber', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 9 });
    const send$ = channel.send({ to: one, message: 1 });
    node.turn();
    expect(link.take()).toEqual([]);
    expect(follow(send$)).toEqual(['1/0', 'end']);
    expect(follow(send$)).toEqual(['1/0', 'end']);
    node.turn();
    expect(written(link.take())).toEqual(['1', '1']);
  });

  it('encodes a broadcast once, and skips peers that are excepted or have the channel closed', () => {
    const node = new LinkedNode();
    let encoded = 0;
    const codec = json<number>();
    const encode = (message: number): Uint8Array => {
      encoded += 1;
      return codec.encode(message);
    };
    const channel = open(node, { codec: { ...codec, encode } });
    const links = [1, 2, 3, 4].map((peer) => node.peer(peer, peer === 4 ? {} : { 7: 9 }).link);
    const sent = (envelope: OutboundEnvelope<number>): number[] => {
      channel.out.next(envelope);
      node.turn();
      return links.map((link) => link.take().length);
    };
    expect(sent({ broadcast: true, message: 1 })).toEqual([1, 1, 1, 0]);
    expect(encoded).toBe(1);
    expect(sent({ broadcast: true, except: one, message: 1 })).toEqual([0, 1, 1, 0]);
    expect(sent({ broadcast: true, except: [one, idOf(3)], message: 1 })).toEqual([0, 1, 0, 0]);
    expect(node.takeDrops()).toEqual([]);
    expect(sent({ broadcast: true, except: [1, 2, 3].map(idOf), message: 1 })).toEqual([
      0, 0, 0, 0,
    ]);
    expect(node.takeDrops()).toEqual(['out 7 no-recipient 1']);
  });

  it('waits for the slowest recipient of a broadcast, and reports once', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const [fast, slow] = [node.peer(1, { 7: 9 }), node.peer(2, { 7: 0 })];
    expect(follow(channel.send({ broadcast: true, message: 1 }))).toEqual(['2/0', 'end']);
    node.turn();
    const log = follow(channel.send({ broadcast: true, message: 2 }));
    expect(log).toEqual([]);
    node.turn();
    expect(written(fast.link.take())).toEqual(['1', '2']);
    slow.link.arrive(credit(7, 1));
    node.turn();
    expect(written(slow.link.take())).toEqual(['1']);
    expect(log).toEqual(['2/0', 'end']);
  });

  it.each<[string, string, string]>([
    ['closes the channel', 'closed', 'out 7 channel-not-open 3'],
    ['leaves', 'down', 'out 7 peer-down 3'],
  ])(
    'counts a recipient that %s while messages wait as a drop, and reports it',
    (_, what, told) => {
      const node = new LinkedNode();
      const channel = open(node, { outbound: block(1) });
      const { link } = node.peer(1, { 7: 0 });
      channel.out.next({ to: one, message: 1 });
      const logs = [2, 3].map((message) => follow(channel.send({ to: one, message })));
      if (what === 'closed') link.arrive({ type: 'closed', channel: 7 });
      else link.end();
      expect(logs).toEqual(Array(2).fill(['0/1', 'end']));
      expect(node.takeDrops()).toEqual([told]);
    },
  );

  it('fails when the channel is closed here while it waits', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    node.peer(1, { 7: 0 });
    channel.out.next({ to: one, message: 1 });
    const log = follow(channel.send({ to: one, message: 2 }));
    channel.close();
    expect(log).toEqual(['RXMESH_CHANNEL_CLOSED']);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 2']);
    expect(follow(channel.send({ to: one, message: 3 }))).toEqual(['RXMESH_CHANNEL_CLOSED']);
  });

  it('is withdrawn when unsubscribed while it waits, even if all lanes but one have accepted', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const peers = [node.peer(1, { 7: 0 }), node.peer(2, { 7: 0 })];
    channel.out.next({ broadcast: true, message: 1 });
    const stop = new Subject<void>();
    const log = follow(channel.send({ broadcast: true, message: 2 }), stop);
    follow(channel.send({ broadcast: true, message: 3 }));
    stop.next();
    for (const { link } of peers) link.arrive(credit(7, 9));
    node.turn();
    expect(peers.map(({ link }) => written(link.take()))).toEqual([
      ['1', '3'],
      ['1', '3'],
    ]);
    expect(log).toEqual([]);
    expect(node.takeDrops()).toEqual([]);
  });

  it('fails when too many sends wait for one lane', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    node.peer(1, { 7: 0 });
    channel.out.next({ to: one, message: 0 });
    const waiting = Array.from({ length: waitingSendsMax }, () =>
      follow(channel.send({ to: one, message: 1 })),
    );
    expect(waiting.filter((log) => log.length > 0)).toEqual([]);
    expect(follow(channel.send({ to: one, message: 2 }))).toEqual(['RXMESH_OVERFLOW']);
    expect(node.takeDrops()).toEqual(['out 7 lane-full 1']);
  });

  it.each([
    ['dropOldest', dropOldest(2), ['1/0', '1/0', '1/0'], ['2', '3']],
    ['dropNewest', dropNewest(2), ['1/0', '1/0', '0/1'], ['1', '2']],
    ['latest', latest(), ['1/0', '1/0', '1/0'], ['3']],
  ])('never waits for a `%s` lane', (_, outbound, reports, kept) => {
    const node = new LinkedNode();
    const channel = open(node, { outbound });
    const { link } = node.peer(1, { 7: 0 });
    const logs = [1, 2, 3].map((message) => follow(channel.send({ to: one, message })));
    expect(logs).toEqual(reports.map((report) => [report, 'end']));
    expect(node.dropped()).toEqual({ 'out 7 lane-full': 3 - kept.length });
    link.arrive(credit(7, 9));
    node.turn();
    expect(written(link.take())).toEqual(kept);
  });

  it('reports as many drops as one message causes', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: dropOldest(9, { bytes: 5 }) });
    const { link } = node.peer(1, { 7: 0 });
    for (const message of [1, 2, 333333]) channel.out.next({ to: one, message });
    expect(node.takeDrops()).toEqual([]);
    expect(follow(channel.send({ to: one, message: 4 }))).toEqual(['1/0', 'end']);
    expect(node.takeDrops()).toEqual(['out 7 lane-full 3']);
    link.arrive(credit(7, 9));
    node.turn();
    expect(written(link.take())).toEqual(['4']);
  });

  it('waits for a `block` lane that is full by bytes', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(9, { bytes: 5 }) });
    const { link } = node.peer(1, { 7: 0 });
    const log = follow(channel.send({ to: one, message: 1_000_000 }));
    const waiting = follow(channel.send({ to: one, message: 2 }));
    expect([log, waiting]).toEqual([['1/0', 'end'], []]);
    channel.out.next({ to: one, message: 3 });
    expect(node.takeDrops()).toEqual(['out 7 lane-full 1']);
    link.arrive(credit(7, 1));
    node.turn();
    expect(waiting).toEqual(['1/0', 'end']);
  });

  it('fails on a full `fail` lane', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: fail(1) });
    node.peer(1, { 7: 0 });
    expect(follow(channel.send({ to: one, message: 1 }))).toEqual(['1/0', 'end']);
    expect(follow(channel.send({ to: one, message: 2 }))).toEqual(['RXMESH_OVERFLOW']);
    expect(node.takeDrops()).toEqual(['out 7 lane-full 1']);
  });

  it.each<[string, unknown, string, string]>([
    [
      'a message that its codec refuses',
      { to: one, message: undefined },
      'RXMESH_ENCODE_FAILED',
      'encode-failed',
    ],
    [
      'a message that is too large',
      { to: one, message: 123_456 },
      'RXMESH_MESSAGE_TOO_LARGE',
      'too-large',
    ],
    ['an envelope without recipient', { message: 1 }, 'RXMESH_UNDELIVERABLE', 'no-recipient'],
    [
      'an envelope that goes to one and to all',
      { to: one, broadcast: true, message: 1 },
      'RXMESH_UNDELIVERABLE',
      'no-recipient',
    ],
    [
      'an envelope with broadcast: false',
      { broadcast: false, message: 1 },
      'RXMESH_UNDELIVERABLE',
      'no-recipient',
    ],
  ])('fails for %s, and reports it as a drop', (_, envelope, code, reason) => {
    const node = new LinkedNode();
    const channel = open(node, { messageBytesMax: 5 });
    expect(follow(channel.send(envelope as OutboundEnvelope<number>))).toEqual([code]);
    node.turn();
    expect(node.events).toMatchObject([{ reason, count: 1, error: { code, channel: 7 } }]);
    channel.out.next(envelope as OutboundEnvelope<number>);
    node.turn();
    expect(node.events).toMatchObject([{ reason }, { reason, error: { code, channel: 7 } }]);
  });

  it("keeps the codec's error message and adds the channel", () => {
    const node = new LinkedNode();
    const cause = new Error('underneath');
    const codec = {
      ...json<number>(),
      encode: () => {
        throw new RxmeshError('RXMESH_ENCODE_FAILED', 'not so', { cause });
      },
    };
    let failure: unknown;
    open(node, { codec })
      .send({ to: one, message: 1 })
      .subscribe({ error: (error: unknown) => (failure = error) });
    expect(failure).toMatchObject({
      code: 'RXMESH_ENCODE_FAILED',
      message: 'not so',
      cause,
      channel: 7,
    });
  });
});

describe('lossless sending', () => {
  it('P-3 a source of any length arrives complete and in order through lanes of one place', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link, session } = node.peer(1, { 7: 1 });
    let sent = 0;
    let deepest = 0;
    range(0, 1000)
      .pipe(concatMap((count) => channel.send({ to: one, message: count % 10 })))
      .subscribe(() => {
        sent += 1;
        deepest = Math.max(deepest, session.snapshot()[0]?.outbound.depth ?? 0);
      });
    const arrived: string[] = [];
    while (arrived.length < 1000) {
      node.turn();
      arrived.push(...written(link.take()));
      link.arrive(credit(7, 1));
    }
    expect(arrived).toEqual(Array.from({ length: 1000 }, (_, count) => String(count % 10)));
    expect([sent, deepest]).toEqual([1000, 1]);
    expect(node.takeDrops()).toEqual([]);
    node.turn();
    expectIdle(node.clock.scheduler);
  });

  it('a send made at the end of another keeps its place, many times', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(4) });
    const { link } = node.peer(1, { 7: 0 });
    const many = size(30_000, 10_000);
    let left = many;
    const next = (): void => {
      left -= 1;
      if (left >= 0) channel.send({ to: one, message: left % 10 }).subscribe({ complete: next });
    };
    next();
    let arrived = 0;
    while (arrived < many) {
      link.arrive(credit(7, 1000));
      node.clock.advance(1);
      arrived += link.take().length;
    }
    expect(left).toBeLessThan(0);
    expect(node.takeDrops()).toEqual([]);
  });
});
