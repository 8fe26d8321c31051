import { describe, expect, it } from '@jest/globals';
import { raw } from '../../lib/codec/raw.ts';
import { block, dropNewest } from '../../lib/flow/strategy.ts';
import { fair, fifo, priority } from '../../lib/session/discipline.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { pipeTo } from '../../operators/pipe-to.ts';
import { credit, data } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const to = idOf(1);
const disciplines = Object.entries({ fair, fifo, priority });
const nodeWith = (discipline: typeof fair): LinkedNode =>
  new LinkedNode(0, new VirtualClock(), discipline);

describe.each(disciplines)('with %s, a channel closed in response to free room', (_, each) => {
  it('immediately writes what it can, including the message that has just found room', () => {
    const node = nodeWith(each);
    const channel = open(node, { outbound: block(1) });
    const { link } = node.peer(1, { 7: 0 });
    const reports: string[] = [];
    for (const value of [1, 2]) {
      channel.send({ to, message: Uint8Array.of(value) }).subscribe({
        next: ({ accepted, dropped }) => reports.push(`${accepted}/${dropped}`),
        complete: () => value === 2 && channel.close(),
      });
    }
    link.arrive(credit(7, 100));
    node.turn();
    expect(reports).toEqual(['1/0', '1/0']);
    expect(link.take()).toEqual(['data 7 01 last', 'data 7 02 last', 'closed 7']);
    expect(node.takeDrops()).toEqual([]);
    expectIdle(node.clock.scheduler);
  });

  it('does so at the end of a pipe, however much waits in the lane', () => {
    const node = nodeWith(each);
    const channel = open(node);
    const { link } = node.peer(1, { 7: 1000 });
    const envelopes = Array.from({ length: 300 }, (_, i) => ({ to, message: Uint8Array.of(i) }));
    const reports: unknown[] = [];
    pipeTo(channel, { clock: node.clock })(envelopes).subscribe({
      next: (report) => reports.push(report),
      complete: () => channel.close(),
    });
    node.turn();
    expect(reports).toEqual([{ accepted: 300, dropped: 0 }]);
    expect(node.takeDrops()).toEqual([]);
    const sent = envelopes.map(
      ({ message }) => `data 7 ${Buffer.from(message).toString('hex')} last`,
    );
    expect(link.take()).toEqual([...sent, 'closed 7']);
  });

  it('writes long messages beside another channel, as far as credit goes', () => {
    const node = nodeWith(each);
    const long = open(node, { outbound: block(1) });
    const other = open(node, { id: 8 });
    const { link } = node.peer(1, { 7: 4, 8: 9 });
    const message = new Uint8Array(40_000);
    for (let sent = 0; sent < 6; sent += 1) {
      // By then its turn is over, and the other channel waits for its own.
      const close = (): void => {
        if (sent === 2) long.close();
      };
      long.send({ to, message }).subscribe({ complete: close, error: () => undefined });
      other.out.next({ to, message: Uint8Array.of(sent) });
    }
    node.turn();
    const packets = link.take();
    const whole = (channel: number): number =>
      packets.filter((text) => text.startsWith(`data ${channel} `) && text.endsWith('last')).length;
    expect([whole(7), whole(8)]).toEqual([4, 6]);
    expect(packets.filter((text) => text === 'closed 7')).toHaveLength(1);
    expect(node.takeDrops()).toEqual(['out 7 channel-closed 2']);
  });
});

describe('a channel closed and reopened in response to a drop', () => {
  it('gets the drop at the end of the turn, when the broadcast has reached the others', () => {
    const node = new LinkedNode();
    const channel = open(node, { outbound: dropNewest(1) });
    node.peer(1, { 7: 0 });
    const { link } = node.peer(2, { 7: 9 });
    channel.out.next({ to, message: Uint8Array.of(1) });
    const { push } = node.events;
    node.events.push = (...events) => {
      node.events.push = push;
      channel.close();
      open(node);
      return node.events.push(...events);
    };
    channel.out.next({ broadcast: true, message: Uint8Array.of(2) });
    node.turn();
    expect(link.take()).toEqual(['data 7 02 last', 'closed 7', 'credit 7 0 0']);
    expect(node.takeDrops()).toContain('out 7 lane-full 1');
  });

  it('completes for its consumers even after a message that failed to decode', () => {
    const node = new LinkedNode();
    const decode = (): never => {
      throw new Error('not mine');
    };
    const channel = open(node, { codec: { ...raw(), decode } });
    let completed = false;
    channel.in$.subscribe({ complete: () => (completed = true) });
    node.peer(1).link.arrive(data(7, [1]));
    expect(node.takeDrops()).toEqual(['in 7 decode-failed 1']);
    channel.close();
    expect(completed).toBe(true);
  });
});
