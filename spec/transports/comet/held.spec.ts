import { describe, expect, it } from '@jest/globals';
import { take } from 'rxjs';
import { raw } from '../../../lib/codec/raw.ts';
import { block } from '../../../lib/flow/strategy.ts';
import { LinkedNode } from '../../support/linked-node.ts';
import type { KeepAliveSettings } from '../../../lib/session/keep-alive.ts';
import { fair } from '../../../lib/session/discipline.ts';
import { messagePacket, RawPeer } from './support.ts';

const often: KeepAliveSettings = { intervalMs: 1_000, timeoutMs: 3_000 };

/** A node whose peer, played by the test, has filled the lane of channel 0x20. */
function heldNode(keepAlive: Partial<KeepAliveSettings> = often) {
  const peer = new RawPeer({ flushMs: 0 }, false, false);
  const node = new LinkedNode(0, peer.clock, fair, keepAlive);
  const slow = node.channels.open({ id: 0x20, codec: raw(), inbound: block(2) });
  const votes = node.channels.open({ id: 0x22, codec: raw() });
  const heard: (number | undefined)[] = [];
  votes.in$.subscribe(({ message }) => heard.push(message[0]));
  const session = node.connect(peer.link, peer.link.nodeInfo.nodeId);
  const send = (channel: number, ...values: number[]): void => {
    for (const value of values) peer.send(messagePacket(channel, Uint8Array.of(value), true));
  };
  peer.send(Uint8Array.of(2, 0x12, 0));
  node.turn();
  send(0x20, 1, 2);
  return { peer, node, slow, session, heard, send };
}

describe('a session on a wire without credit', () => {
  it('stops reading only when another message for the full lane arrives', () => {
    const { peer, node, slow, heard, send } = heldNode();
    send(0x22, 7);
    expect([heard, peer.pair.listener.paused]).toEqual([[7], false]);
    send(0x20, 3);
    send(0x22, 8);
    expect([heard, peer.pair.listener.paused]).toEqual([[7], true]);
    const taken: (number | undefined)[] = [];
    slow.in$.subscribe(({ message }) => taken.push(message[0]));
    node.turn();
    expect([taken, heard]).toEqual([
      [1, 2, 3],
      [7, 8],
    ]);
    expect(peer.pair.listener.paused).toBe(false);
  });

  it('does not take a peer that it does not read from for a silent one', () => {
    const { peer, node, slow, session, send } = heldNode();
    send(0x20, 3);
    peer.clock.advance(60_000);
    expect(session.over).toBe(false);
    session.probe();
    peer.clock.advance(10_000);
    expect(session.over).toBe(false);
    slow.in$.subscribe();
    node.turn();
    peer.clock.advance(4_001);
    expect(session.over).toBe(true);
  });

  it('goes on when the channel that holds it is closed, and drops what arrives for it', () => {
    const { peer, node, slow, heard, send } = heldNode();
    send(0x20, 3);
    send(0x22, 8);
    slow.close();
    node.turn();
    expect([heard, peer.pair.listener.paused]).toEqual([[8], false]);
    expect(node.dropped()).toEqual({ 'in 32 channel-closed': 3 });
  });

  it('leaves nothing behind when it ends while it is held', () => {
    const { peer, session, send } = heldNode();
    send(0x20, 3);
    session.close('done');
    expect(session.over).toBe(true);
    expect(peer.pair.listener.paused).toBe(false);
    peer.clock.advance(0);
    expect(peer.clock.dueTimesMs).toEqual([]);
  });

  it('never sends a measurement, credit or a goodbye', () => {
    const { peer, node } = heldNode();
    peer.clock.advance(1_000);
    node.turn();
    peer.pair.settle();
    // The ping that asks for acceptance, and the first of keep-alive.
    expect(peer.arrived).toEqual([2, 0x0a, 0, 2, 0x0a, 0]);
  });
});

describe('a session whose peer closes while it is held', () => {
  /** The peer has sent one message too many for channel 0x20, one for 0x22, and half of another. */
  function leftNode(keepAlive?: Partial<KeepAliveSettings>) {
    const held = heldNode(keepAlive);
    held.send(0x20, 3);
    held.peer.send(
      Uint8Array.from([
        ...messagePacket(0x22, Uint8Array.of(8), false),
        ...messagePacket(0x22, Uint8Array.of(9), true),
        2,
        0x12,
        0,
        ...messagePacket(0x22, Uint8Array.of(10), false),
      ]),
    );
    held.peer.pair.dialer.close();
    held.peer.pair.settle();
    return held;
  }

  it('delivers what has arrived as soon as there is room, and ends then', () => {
    const { node, slow, session, heard } = leftNode();
    expect([session.over, session.link.writable]).toEqual([false, false]);
    const taken: (number | undefined)[] = [];
    slow.in$.subscribe(({ message }) => taken.push(message[0]));
    node.turn();
    expect([taken, heard, session.over]).toEqual([[1, 2, 3], [8], true]);
    expect(node.dropped()).toEqual({});
  });

  it('gives it up when nothing is taken for the time of a silent peer, and reports it', () => {
    const { peer, node, session } = leftNode();
    peer.clock.advance(2_999);
    expect(session.over).toBe(false);
    peer.clock.advance(1_001);
    node.turn();
    expect(session.over).toBe(true);
    expect(node.dropped()).toEqual({ 'in 32 peer-down': 1, 'in 34 peer-down': 1 });
    expect(peer.clock.dueTimesMs).toEqual([]);
  });

  it('waits longer for consumers that take something from time to time', () => {
    const { peer, node, slow, session, send } = heldNode();
    send(0x20, ...Array.from({ length: 8 }, (_, at) => at + 3));
    peer.pair.dialer.close();
    peer.pair.settle();
    const taken: (number | undefined)[] = [];
    const next$ = slow.in$.pipe(take(1));
    for (let count = 0; count < 8; count += 1) {
      next$.subscribe(({ message }) => taken.push(message[0]));
      node.turn();
      expect(session.over).toBe(count === 7);
      peer.clock.advance(2_000);
    }
    expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(node.dropped()).toEqual({});
  });

  it('gives it up when the peer connects again, and nothing is taken within 5 s', () => {
    const { peer, node, session } = leftNode({ intervalMs: 0 });
    session.probe();
    peer.clock.advance(5_000);
    node.turn();
    expect(session.over).toBe(true);
    expect(node.dropped()).toEqual({ 'in 32 peer-down': 1, 'in 34 peer-down': 1 });
  });

  it('gives it up when its own node stops', () => {
    const { node, session } = leftNode();
    session.leave();
    node.turn();
    expect(session.over).toBe(true);
    expect(node.dropped()).toEqual({ 'in 32 node-stopped': 1, 'in 34 node-stopped': 1 });
  });

  it('reports what it held when the socket fails', () => {
    const { peer, node, session, send } = heldNode();
    send(0x20, 3, 4);
    peer.pair.listener.breakDown('reset');
    node.turn();
    expect(session.over).toBe(true);
    expect(node.dropped()).toEqual({ 'in 32 peer-down': 2 });
  });
});
