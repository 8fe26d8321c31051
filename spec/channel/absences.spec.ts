import { describe, expect, it } from '@jest/globals';
import { filter, mergeMap, type Observable, type Subscription, take } from 'rxjs';
import type { Channel, SendReport, Undelivered } from '../../lib/channel/channel.ts';
import { block, dropNewest, dropOldest } from '../../lib/flow/strategy.ts';
import type { OutboundEnvelope } from '../../lib/model/envelope.ts';
import type { RxmeshError } from '../../lib/model/error.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { credit } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

type Envelope = OutboundEnvelope<Uint8Array>;

const to = (peer: number, value: number): Envelope => ({
  to: idOf(peer),
  message: Uint8Array.of(value),
});
const toAll = (value: number): Envelope => ({ broadcast: true, message: Uint8Array.of(value) });

/** The first bytes of the data written. */
const data = (texts: readonly string[]): number[] =>
  texts
    .filter((text) => text.startsWith('data'))
    .map((text) => parseInt(text.split(' ')[2] ?? '', 16));

/** The outcome of a send: `<accepted>/<dropped>`, its error's code, and `end`. */
function follow(sending: Observable<SendReport>): string[] {
  const log: string[] = [];
  sending.subscribe({
    next: ({ accepted, dropped }) => log.push(`${accepted}/${dropped}`),
    error: (error: unknown) => log.push((error as RxmeshError).code),
    complete: () => log.push('end'),
  });
  return log;
}

/** Numbers the messages to one peer, and counts those that were pulled. */
function source(peer: number, count = 100_000) {
  const state = { pulled: 0 };
  function* envelopes(): Generator<Envelope> {
    for (let value = 1; value <= count; value += 1) {
      state.pulled += 1;
      yield to(peer, value);
    }
  }
  return { state, envelopes };
}

const awaitedOf = (node: LinkedNode): unknown[] =>
  node.events.flatMap((event) =>
    event.type === 'recipient-awaited' ? [[event.peer, event.awaited]] : [],
  );

describe('a pipe whose recipient is away', () => {
  it('L-01 stops pulling within a turn and resumes when the peer returns, without dropping a pulled message', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(3) });
    const { state, envelopes } = source(1);
    const before = node.peer(1, { 7: 5 });
    const sending = pipeTo(channel)(envelopes()).subscribe();
    node.turn();
    expect(data(before.link.take())).toEqual([1, 2, 3, 4, 5]);
    // Three in the lane, and one waiting for room.
    expect(state.pulled).toBe(9);
    before.link.end();
    node.clock.advance(60_000);
    expect(state.pulled).toBe(9);
    expect(node.switchboard.snapshot().awaited).toEqual([
      { channel: 7, peer: idOf(1), sends: 1, kept: 3 },
    ]);
    const after = node.peer(1, { 7: 9 });
    // Setting up the peer has already taken what was written meanwhile.
    after.link.arrive(credit(7, 6));
    node.turn();
    sending.unsubscribe();
    expect(after.session.snapshot()[0]?.messagesOut).toBe(15);
    expect(node.takeDrops()).toEqual([]);
    expect(awaitedOf(node)).toEqual([]);
  });

  it('L-01 sends what the lane had accepted first, in order, and repeats the half-written message', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(3) });
    const { envelopes } = source(1, 6);
    const log = follow(pipeTo(channel)(envelopes()));
    const before = node.peer(1, { 7: 0 });
    before.link.arrive({ type: 'closed', channel: 7 });
    node.turn();
    expect(log).toEqual([]);
    const { link } = before;
    link.arrive(credit(7, 10));
    node.turn();
    expect(data(link.take())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(log).toEqual(['6/0', 'end']);
    expect(node.takeDrops()).toEqual([]);
    expectIdle(node.clock.scheduler);
  });

  it('L-01 keeps the half-written message in front, if the peer closed the channel before it left', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(3) });
    const log = follow(
      pipeTo(channel)([
        { to: idOf(1), message: new Uint8Array(200) },
        ...[2, 3, 4].map((value) => to(1, value)),
      ]),
    );
    const { link } = node.peer(1, { 7: 0 }, { recordBytesMax: 100 });
    link.onFlush = () => (link.writable = false);
    link.arrive(credit(7, 9));
    node.turn();
    expect([log, link.take().length]).toEqual([['4/0', 'end'], 1]);
    link.arrive({ type: 'closed', channel: 7 });
    link.end();
    expect(node.switchboard.snapshot().awaited).toEqual([
      { channel: 7, peer: idOf(1), sends: 0, kept: 4 },
    ]);
    const after = node.peer(1, { 7: 0 });
    after.link.arrive(credit(7, 9));
    node.turn();
    expect(data(after.link.take())).toEqual([0, 2, 3, 4]);
    expect(node.takeDrops()).toEqual([]);
  });

  it('L-02 waits before the peer has ever connected, reports it once and shows it in the snapshot', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { state, envelopes } = source(1, 3);
    const log = follow(pipeTo(channel)(envelopes()));
    node.clock.advance(1_000_000);
    expect([log, state.pulled]).toEqual([[], 1]);
    expect(node.switchboard.snapshot().awaited).toEqual([
      { channel: 7, peer: idOf(1), sends: 1, kept: 0 },
    ]);
    node.peer(1, { 7: 9 });
    expect(log).toEqual(['3/0', 'end']);
    expect(awaitedOf(node)).toEqual([
      [idOf(1), true],
      [idOf(1), false],
    ]);
    expect(node.switchboard.snapshot().awaited).toEqual([]);
  });

  it('L-02 a broadcast waits until any peer has the channel, but not if all that do are excepted', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const log = follow(pipeTo(channel)([toAll(1)]));
    node.peer(1);
    expect(log).toEqual([]);
    const { link } = node.peer(2, { 7: 9 });
    expect(log).toEqual(['1/0', 'end']);
    expect(awaitedOf(node)).toEqual([
      [undefined, true],
      [undefined, false],
    ]);
    const relayed = { ...toAll(2), except: idOf(2) } as Envelope;
    expect(follow(pipeTo(channel)([relayed]))).toEqual(['0/1', 'end']);
    expect(node.takeDrops()).toEqual(['out 7 no-recipient 1']);
    link.end();
  });

  it('L-02 waits no longer than waitMs, then continues with the next', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(2, { 7: 9 });
    const log = follow(pipeTo(channel, { absent: { waitMs: 500 } })([to(1, 1), to(2, 2)]));
    node.clock.advance(499);
    expect(log).toEqual([]);
    node.clock.advance(1);
    expect(log).toEqual(['1/1', 'end']);
    expect(data(link.take())).toEqual([2]);
    expect(node.takeDrops()).toEqual(['out 7 unknown-peer 1']);
    expectIdle(node.clock.scheduler);
  });

  it('L-02 what a lane has accepted is kept for waitMs too', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 0 });
    const lost: Undelivered<Uint8Array>[] = [];
    channel.undelivered$.subscribe((each) => lost.push(each));
    follow(channel.send(to(1, 8), { absent: { waitMs: 500 } }));
    link.end();
    expect(node.takeDrops()).toEqual([]);
    node.clock.advance(500);
    expect(lost).toEqual([{ to: idOf(1), message: Uint8Array.of(8), reason: 'peer-down' }]);
    expect(node.takeDrops()).toEqual(['out 7 peer-down 1']);
  });

  it('L-02 unsubscribing withdraws the message', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const subscription = channel.send(to(1, 1), { absent: 'wait' }).subscribe();
    subscription.unsubscribe();
    const { session } = node.peer(1, { 7: 9 });
    expect(session.snapshot()[0]?.messagesOut).toBe(0);
    expect(node.switchboard.snapshot().awaited).toEqual([]);
  });

  it('L-02 what is sent from the callback of a send goes behind those that have waited as long', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const log: number[] = [];
    const send = (envelope: Envelope, then = (): void => undefined): void => {
      channel.send(envelope, { absent: 'wait' }).subscribe(() => {
        then();
        log.push(envelope.message[0] ?? NaN);
      });
    };
    send(to(1, 1), () => send(to(1, 5)));
    send(to(1, 2));
    send(toAll(3));
    send(to(1, 4));
    const { session, link } = node.peer(1, { 7: 0 });
    expect(log).toEqual([5, 1, 2, 4, 3]);
    link.arrive(credit(7, 9));
    node.turn();
    expect(data(link.take())).toEqual([1, 2, 4, 3, 5]);
    expect(session.snapshot()[0]?.messagesOut).toBe(5);
  });

  it('L-02 the callback of a send may withdraw those that waited with it, and wait for room now', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const later: Subscription[] = [];
    channel.send(to(1, 1), { absent: 'wait' }).subscribe(() => {
      for (const each of later) each.unsubscribe();
    });
    const log: string[] = [];
    for (const value of [2, 3]) {
      const sending = channel.send(to(1, value), { absent: 'wait' });
      later.push(sending.subscribe(({ accepted }) => log.push(`${value}: ${accepted}`)));
    }
    const { link } = node.peer(1, { 7: 0 });
    link.arrive(credit(7, 9));
    node.turn();
    expect([data(link.take()), log]).toEqual([[1], []]);
    expect(follow(channel.send(to(1, 4)))).toEqual(['1/0', 'end']);
  });

  it('L-02 what is sent from the callback of a dropped send goes behind those that wait on', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link } = node.peer(1, { 7: 0 });
    const later: Subscription[] = [];
    const send = (value: number): void => {
      later.push(channel.send(to(1, value), { absent: 'wait' }).subscribe());
    };
    send(1);
    channel.send(to(1, 2)).subscribe(({ dropped }) => send(6 + dropped));
    channel.send(to(1, 3)).subscribe(() => later[2]?.unsubscribe());
    send(4);
    send(5);
    link.end();
    expect(node.takeDrops()).toEqual(['out 7 peer-down 2']);
    const again = node.peer(1, { 7: 0 });
    again.link.arrive(credit(7, 9));
    node.turn();
    expect(data(again.link.take())).toEqual([1, 4, 7]);
  });

  it('L-02 as many sends may wait as for a lane; one more is dropped', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const logs = Array.from({ length: 1_025 }, (_, nth) =>
      follow(channel.send(to(nth, 1), { absent: 'wait' })),
    );
    expect(logs.filter((log) => log.length > 0)).toEqual([['0/1', 'end']]);
    channel.close();
    expect(logs.filter(([code]) => code === 'RXMESH_CHANNEL_CLOSED')).toHaveLength(1_024);
    expect(node.switchboard.snapshot().awaited).toEqual([]);
  });

  it('L-02 messages are kept for 64 peers, and those for the peer that left first are given up', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const links = Array.from({ length: 65 }, (_, nth) => node.peer(nth + 1, { 7: 0 }).link);
    links.forEach((_, nth) => follow(channel.send(to(nth + 1, nth), { absent: 'wait' })));
    const lost: number[] = [];
    channel.undelivered$.subscribe(({ message }) => lost.push(message[0] ?? NaN));
    for (const link of links) link.end();
    expect(lost).toEqual([0]);
    expect(node.takeDrops()).toEqual(['out 7 peer-down 1']);
    channel.close();
    expect(lost).toHaveLength(65);
    expect(node.dropped()).toEqual({ 'out 7 channel-closed': 64 });
  });

  it('L-02 `send` does not wait by default', () => {
    const node = new LinkedNode();
    const channel = open(node);
    expect(follow(channel.send(to(1, 1)))).toEqual(['0/1', 'end']);
    expect(node.takeDrops()).toEqual(['out 7 unknown-peer 1']);
    // Plain JavaScript may pass an invalid policy.
    const wrong = { absent: 'later' } as never;
    expect(() => channel.send(to(1, 1), wrong)).toThrow(/send: absent must be 'wait'/);
  });
});

describe('undelivered$', () => {
  const open3 = (node: LinkedNode): Channel<Uint8Array> => open(node, { outbound: block(9) });

  it('L-03 emits each message that a lane had accepted when its peer leaves or closes the channel', () => {
    const node = new LinkedNode();
    const channel = open3(node);
    const lost: string[] = [];
    channel.undelivered$.subscribe({
      next: ({ to: peer, message, reason }) =>
        lost.push(`${peer.slice(-1)} ${message[0]} ${reason}`),
      complete: () => lost.push('end'),
    });
    const [one, two] = [node.peer(1, { 7: 1 }), node.peer(2, { 7: 0 })];
    for (const value of [1, 2]) channel.out.next(toAll(value));
    node.turn();
    one.link.end();
    two.link.arrive({ type: 'closed', channel: 7 });
    expect(lost).toEqual(['1 2 peer-down', '2 1 channel-not-open', '2 2 channel-not-open']);
    two.link.arrive(credit(7, 0));
    channel.out.next(to(2, 3));
    channel.close();
    expect(lost.slice(3)).toEqual(['2 3 channel-closed', 'end']);
    expect(node.dropped()).toEqual({
      'out 7 peer-down': 1,
      'out 7 channel-not-open': 2,
      'out 7 channel-closed': 1,
    });
  });

  it('L-03 emits what a strategy drops, and decodes nothing without a subscriber', () => {
    const node = new LinkedNode();
    let decoded = 0;
    const codec = {
      encode: (bytes: Uint8Array) => bytes,
      decode: (bytes: Uint8Array) => ((decoded += 1), bytes),
    };
    const channel = open(node, { outbound: dropOldest(2), codec });
    node.peer(1, { 7: 0 });
    for (const value of [1, 2, 3]) channel.out.next(to(1, value));
    expect(decoded).toBe(0);
    const lost: number[] = [];
    channel.undelivered$.subscribe(({ message }) => lost.push(message[0] ?? NaN));
    for (const value of [4, 5]) channel.out.next(to(1, value));
    expect([lost, decoded]).toEqual([[2, 3], 2]);
    expect(node.dropped()).toEqual({ 'out 7 lane-full': 3 });
  });

  it('L-03 a handler may send again, close the channel or end the session: nothing goes uncounted', () => {
    const outcomes = ['send', 'close', 'end'].map((what) => {
      const node = new LinkedNode();
      const channel = open(node, { outbound: dropOldest(2) });
      const { link, session } = node.peer(1, { 7: 0 });
      channel.undelivered$.pipe(take(1)).subscribe(() => {
        if (what === 'send') channel.out.next(to(1, 4));
        else if (what === 'close') channel.close();
        else session.close('done');
      });
      for (const value of [1, 2, 3]) channel.out.next(to(1, value));
      link.arrive(credit(7, 9));
      node.turn();
      return [data(link.take()), node.dropped()];
    });
    expect(outcomes).toEqual([
      [[3, 4], { 'out 7 lane-full': 2 }],
      [[], { 'out 7 lane-full': 1, 'out 7 channel-closed': 2 }],
      [[], { 'out 7 lane-full': 1, 'out 7 peer-down': 2 }],
    ]);
  });

  it('L-03 emits a message that a lane refuses once it is counted', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: dropNewest(1) });
    const { link } = node.peer(1, { 7: 0 });
    channel.undelivered$
      .pipe(take(3))
      .subscribe(({ message }) => channel.out.next(to(1, (message[0] ?? 0) + 1)));
    for (const value of [1, 2]) channel.out.next(to(1, value));
    link.arrive(credit(7, 9));
    node.turn();
    expect([data(link.take()), node.dropped()]).toEqual([[1], { 'out 7 lane-full': 4 }]);
  });

  it('L-03 resending loses nothing that was not written', () => {
    const node = new LinkedNode();
    const channel = open3(node);
    channel.undelivered$
      .pipe(
        filter(({ reason }) => reason === 'peer-down' || reason === 'channel-not-open'),
        mergeMap(({ to: peer, message }) =>
          channel.send({ to: peer, message }, { absent: 'wait' }),
        ),
      )
      .subscribe();
    const before = node.peer(1, { 7: 2 });
    for (const value of [1, 2, 3, 4]) channel.out.next(to(1, value));
    node.turn();
    expect(data(before.link.take())).toEqual([1, 2]);
    before.link.end();
    const { link } = node.peer(1, { 7: 0 });
    link.arrive(credit(7, 9));
    node.turn();
    expect(data(link.take())).toEqual([3, 4]);
  });
});

describe('drops', () => {
  it('L-05 are reported once per turn for each peer, channel, direction and reason, with a total', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const eight = open(node, { id: 8 });
    for (let count = 0; count < 10_000; count += 1) {
      channel.out.next(to(1 + (count % 2), 1));
      eight.out.next(to(1, 1));
    }
    expect(node.events).toEqual([]);
    node.turn();
    const told = { type: 'message-dropped', direction: 'outbound', reason: 'unknown-peer' };
    expect(node.events).toEqual([
      { ...told, channel: 7, peer: idOf(1), count: 5_000 },
      { ...told, channel: 8, peer: idOf(1), count: 10_000 },
      { ...told, channel: 7, peer: idOf(2), count: 5_000 },
    ]);
    channel.out.next(to(1, 1));
    node.switchboard.close();
    expect(node.events.slice(3)).toEqual([{ ...told, channel: 7, peer: idOf(1), count: 1 }]);
    expectIdle(node.clock.scheduler);
  });
});
