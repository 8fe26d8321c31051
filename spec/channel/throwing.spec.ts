import { setTimeout as later } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { config } from 'rxjs';
import { sendingChannel } from '../../lib/channel/sending-channel.ts';
import { Channels } from '../../lib/channel/channels.ts';
import { raw } from '../../lib/codec/raw.ts';
import { block } from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/id.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { credit } from '../support/fake-link.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';
import { connect, selfA, selfB } from '../support/secure.ts';

const mistake = new Error('a mistake of the application');
const throwMistake = (): never => {
  throw mistake;
};

const to = (peer: number, value: number) => ({ to: idOf(peer), message: Uint8Array.of(value) });

let reported: unknown[] = [];
beforeEach(() => {
  reported = [];
  config.onUnhandledError = (error) => reported.push(error);
});
// RxJS reports from platform timers, which run in order.
afterEach(async () => {
  await later(1);
  config.onUnhandledError = null;
});

describe('a subscriber of events$ that throws', () => {
  it('does not keep an ended session from reporting its other drops and its end', async () => {
    const node = new LinkedNode();
    const channels = [open(node), open(node, { id: 8 })];
    const { link, session } = node.peer(1, { 7: 0, 8: 0 });
    for (const channel of channels) channel.out.next(to(1, 1));
    let ended = false;
    session.ended$.subscribe(() => (ended = true));
    node.events.push = throwMistake;
    link.end();
    expect([session.over, ended]).toEqual([true, true]);
    expect(node.channels.drops().get(8)?.get('peer-down')).toBe(1);
    node.turn();
    await later(1);
    expect(reported).toEqual([mistake, mistake]);
  });

  it('costs no innocent peer its connection, on a link that has to keep reading', () => {
    const clock = new VirtualClock();
    const { pair, a, b } = connect();
    const ids = { a: selfA.identity.id, b: selfB.identity.id };
    const node = (self: NodeId): Channels =>
      new Channels({ self, clock, keepAlive: { intervalMs: 0 } });
    const decode = (bytes: Uint8Array): Uint8Array => (bytes[0] === 0 ? throwMistake() : bytes);
    const sending = node(ids.a);
    const receiving = node(ids.b);
    receiving.events$.subscribe(throwMistake);
    const channel = sending.open({ id: 7, codec: raw() });
    const heard: (number | undefined)[] = [];
    receiving
      .open({ id: 7, codec: { ...raw(), decode } })
      .in$.subscribe(({ message }) => heard.push(message[0]));
    const sessions = [sending.offer(a, ids.b), receiving.offer(b, ids.a)] as const;
    const settle = (): void => {
      do clock.advance(0);
      while (pair.fly());
    };
    settle();
    sending.add(sessions[0]);
    for (const session of sessions) session.goLive();
    for (let value = 0; value < 30; value += 1) {
      channel.out.next({ to: ids.b, message: Uint8Array.of(value) });
      settle();
    }
    expect(sessions.map(({ over }) => over)).toEqual([false, false]);
    expect(heard).toEqual(Array.from({ length: 29 }, (_, i) => i + 1));
  });
});

describe('a subscriber of reports$ that throws', () => {
  it('does not keep a slow peer from being evicted', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1), slowPeer: { evictAfterMs: 10 } });
    const { session } = node.peer(1, { 7: 0 });
    node.reports.push = throwMistake;
    const settled: string[] = [];
    for (const value of [1, 2]) {
      channel
        .send({ broadcast: true, message: Uint8Array.of(value) })
        .subscribe(({ accepted, dropped }) => settled.push(`${accepted}/${dropped}`));
    }
    node.clock.advance(20);
    expect(session.over).toBe(true);
    expect(settled).toEqual(['1/0', '0/1']);
  });
});

describe('`settled` of a sender that throws', () => {
  it('does not stop the lane, and its messages continue', async () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link } = node.peer(1, { 7: 0 });
    const sender = sendingChannel('spec', channel).sender(throwMistake, 0);
    expect([sender.send(to(1, 1)), sender.send(to(1, 2))]).toEqual([true, false]);
    link.arrive(credit(7, 9));
    node.turn();
    channel.out.next(to(1, 3));
    node.turn();
    expect(link.take()).toEqual(['data 7 01 last', 'data 7 02 last', 'data 7 03 last']);
    await later(1);
    expect(reported).toEqual([mistake]);
  });

  it('does not end the connection with an RxmeshError either', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const { link, session } = node.peer(1, { 7: 0 });
    const sender = sendingChannel('spec', channel).sender(() => {
      throw new RxmeshError('RXMESH_OVERFLOW', 'of the application');
    }, 0);
    for (const value of [1, 2]) sender.send(to(1, value));
    link.arrive(credit(7, 9));
    node.turn();
    expect(session.over).toBe(false);
  });

  it('does not keep a channel from being closed on every peer', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: block(1) });
    const peers = [node.peer(1, { 7: 0 }), node.peer(2, { 7: 0 })];
    let completed = false;
    channel.in$.subscribe({ complete: () => (completed = true) });
    const sender = sendingChannel('spec', channel).sender(throwMistake, 0);
    for (const value of [1, 2]) sender.send(to(1, value));
    channel.close();
    node.turn();
    expect(peers.map(({ link }) => link.take())).toEqual([['closed 7'], ['closed 7']]);
    expect(completed).toBe(true);
  });
});
