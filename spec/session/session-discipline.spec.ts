import { describe, expect, it } from '@jest/globals';
import { block } from '../../lib/flow/strategy.ts';
import { fifo, priority, type Discipline } from '../../lib/session/discipline.ts';
import { credit, type FakePacket } from '../support/fake-link.ts';
import { expectIdle, trackLeaks } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const to = idOf(1);

/** A node with a discipline, and a peer that has channels 7 and 8 open. */
function nodeWith(discipline?: () => Discipline) {
  const node = new LinkedNode(0, undefined, discipline);
  const peer = (): ReturnType<LinkedNode['peer']> => node.peer(1, { 7: 100, 8: 100 });
  return { node, peer };
}

/** The channels whose packets were written, in order; clears the list. */
function channelsOf(link: { readonly records: FakePacket[][] }): number[] {
  return link.records
    .splice(0)
    .flat()
    .flatMap((packet) => (packet.type === 'data' ? [packet.channel] : []));
}

const message = Uint8Array.of(1);

describe('the discipline of a session', () => {
  it('gets the priorities of the channels', () => {
    const { node, peer } = nodeWith(priority);
    const seven = open(node);
    const eight = open(node, { id: 8, priority: 2 });
    const { link } = peer();
    seven.out.next({ to, message });
    eight.out.next({ to, message });
    node.turn();
    expect(channelsOf(link)).toEqual([8, 7]);
  });

  it('gets the new priority of a reopened channel, even while it has something to send', () => {
    const { node } = nodeWith(priority);
    const seven = open(node, { priority: 3 });
    const eight = open(node, { id: 8, priority: 2 });
    const { link } = node.peer(1, { 7: 100, 8: 100 }, { recordBytesMax: 2000 });
    const large = new Uint8Array(1500);
    link.onFlush = () => (link.writable = false);
    seven.out.next({ to, message: large });
    seven.out.next({ to, message: large });
    node.turn();
    expect(channelsOf(link)).toEqual([7]);
    seven.close();
    open(node, { priority: 1 }).out.next({ to, message });
    eight.out.next({ to, message: large });
    link.onFlush = undefined;
    link.writable = true;
    expect(channelsOf(link)).toEqual([8, 7, 7]);
  });

  it('B-25 fifo: messages leave in the order of sending, including those that waited for room; nothing is lost', () => {
    const { node, peer } = nodeWith(fifo);
    const seven = open(node, { outbound: block(1) });
    const eight = open(node, { id: 8, outbound: block(2) });
    const { link } = peer();
    const sent = [7, 7, 8, 7, 8, 8, 8, 7];
    let taken = 0;
    for (const id of sent) {
      const channel = id === 7 ? seven : eight;
      channel.send({ to, message }).subscribe(({ accepted }) => (taken += accepted));
    }
    expect(taken).toBe(3);
    node.turn();
    expect(channelsOf(link)).toEqual(sent);
    expect(taken).toBe(8);
  });

  it('is `fair` by default: a large message delays a small one by at most a quantum', () => {
    const { node, peer } = nodeWith();
    const seven = open(node);
    const eight = open(node, { id: 8 });
    const { link } = peer();
    seven.out.next({ to, message: new Uint8Array(1 << 20) });
    eight.out.next({ to, message });
    node.turn();
    expect(channelsOf(link).slice(0, 3)).toEqual([7, 8, 7]);
  });
});

describe('a discipline that fails', () => {
  it('ends its session with RXMESH_DISCIPLINE_FAILED and affects no other', () => {
    const cause = new Error('out of ideas');
    let made = 0;
    const { node } = nodeWith(() => {
      made += 1;
      const isFirst = made === 1;
      return {
        rank() {
          if (isFirst) throw cause;
          return 0;
        },
      };
    });
    const seven = open(node);
    const [first, second] = [node.peer(1, { 7: 9 }), node.peer(2, { 7: 9 })];
    const ends: unknown[] = [];
    first.session.ended$.subscribe({ next: (end) => ends.push(end), complete: () => ends.push(1) });
    seven.out.next({ broadcast: true, message });
    node.turn();
    expect(ends).toEqual([
      expect.objectContaining({ code: 'RXMESH_DISCIPLINE_FAILED', peer: to, channel: 7, cause }),
      1,
    ]);
    expect(first.link.closedFor).toBe('done');
    expect(node.takeDrops()).toEqual(['out 7 peer-down 1']);
    expect(channelsOf(second.link)).toEqual([7]);
    expect(second.session.over).toBe(false);
    expectIdle(node.clock.scheduler);
  });

  it.each([
    ['a channel is closed', (node: LinkedNode) => node.channels.close()],
    ['a channel is opened', (node: LinkedNode) => void open(node, { id: 9 })],
    ['the session is closed', (node: LinkedNode) => node.channels.session(to)?.close('done')],
  ])('may fail while %s', (_, act) => {
    const { node, peer } = nodeWith(() => ({ rank: () => NaN }));
    const seven = open(node);
    const { link, session } = peer();
    const codes: unknown[] = [];
    session.ended$.subscribe((error) => codes.push(error?.code));
    seven.out.next({ to, message });
    act(node);
    expect(codes).toEqual(['RXMESH_DISCIPLINE_FAILED']);
    node.turn();
    expect(link.faults).toEqual([]);
    expect(node.takeDrops()).toEqual(['out 7 peer-down 1']);
    expectIdle(node.clock.scheduler);
  });

  it('ends it if it cannot even be created, but only once there is something to choose', () => {
    const { node } = nodeWith(() => {
      throw new Error('not made');
    });
    const seven = open(node);
    const { link, session } = node.peer(1);
    expect(session.over).toBe(false);
    link.arrive(credit(7, 1));
    seven.out.next({ to, message });
    node.turn();
    expect(session.over).toBe(true);
    expectIdle(node.clock.scheduler);
  });
});

trackLeaks();
