import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { data } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { heard, idOf, LinkedNode, open } from '../support/linked-node.ts';

const message = new Uint8Array([1]);

/** The drops that it reported. */
const drops = (node: LinkedNode): unknown[] => {
  node.channels.reportDrops();
  return node.events.filter(({ type }) => type === 'message-dropped');
};

/** Says goodbye. The log shows when that is over, and when the link of peer 1 was closed. */
function leave(node: LinkedNode, drainMs?: number): string[] {
  const log: string[] = [];
  node.switchboard
    .goodbye(drainMs)
    .subscribe({ complete: () => log.push(`over ${node.clock.now()}`) });
  return log;
}

/** A clock that is set while it runs. */
class SetClock extends VirtualClock {
  offsetMs = 0;
  override now(): number {
    return super.now() + this.offsetMs;
  }
}

describe('Switchboard.goodbye', () => {
  it('completes immediately without peers', () => {
    const node = new LinkedNode();
    expect(leave(node)).toEqual(['over 0']);
    expectIdle(node.clock.scheduler);
  });

  it('lets lanes empty, closes, and waits until the sockets are gone', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 0 });
    link.lingers = true;
    channel.out.next({ to: idOf(1), message });
    const log = leave(node);
    node.clock.advance(500);
    expect(link.closedFor).toBeUndefined();
    link.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 1 });
    node.clock.advance(10);
    expect([link.take().at(-1), link.closedFor, log]).toEqual(['bye done', 'done', []]);
    node.clock.advance(700);
    expect(log).toEqual([]);
    link.lingers = false;
    node.clock.advance(10);
    expect(log).toEqual(['over 1212']);
    expect(drops(node)).toEqual([]);
    expect(node.channels.ids).toEqual([7]);
    expectIdle(node.clock.scheduler);
  });

  it('waits 1 s or drainMs for lanes, and 2.5 s for sockets', () => {
    for (const [drainMs, closedAt] of [
      [undefined, 1_000],
      [300, 300],
      [0, 0],
    ] as const) {
      const node = new LinkedNode();
      const channel = open(node);
      const { link } = node.peer(1, { 7: 0 });
      link.lingers = true;
      channel.out.next({ to: idOf(1), message });
      const log = leave(node, drainMs);
      if (closedAt > 0) {
        node.clock.advance(closedAt - 1);
        expect(link.closedFor).toBeUndefined();
        node.clock.advance(1);
      }
      expect(link.closedFor).toBe('done');
      expect(drops(node)).toMatchObject([
        { type: 'message-dropped', reason: 'node-stopped', count: 1 },
      ]);
      node.clock.advance(5_000);
      expect(log).toEqual([`over ${closedAt + 2_500}`]);
    }
  });

  it.each([-3_600_000, 3_600_000])(
    'waits just as long when the clock is set by %d ms',
    (setByMs) => {
      const clock = new SetClock();
      const node = new LinkedNode(0, clock);
      const channel = open(node);
      const { link } = node.peer(1, { 7: 0 });
      link.lingers = true;
      channel.out.next({ to: idOf(1), message });
      let over = false;
      node.switchboard.goodbye().subscribe({ complete: () => (over = true) });
      clock.advance(500);
      clock.offsetMs = setByMs;
      clock.advance(499);
      expect(link.closedFor).toBeUndefined();
      clock.advance(1);
      expect(link.closedFor).toBe('done');
      clock.advance(2_499);
      expect(over).toBe(false);
      clock.advance(1);
      expect(over).toBe(true);
      expectIdle(clock.scheduler);
    },
  );

  it('grants no more credit for a message that it drops meanwhile', () => {
    const node = new LinkedNode();
    heard(open(node, { messageBytesMax: 10 }));
    const { link } = node.peer(1, { 7: 0 }, { answersPings: false });
    link.arrive(data(7, [1, 2, 3, 4, 5, 6], false));
    leave(node, 10_000);
    node.turn();
    expect(link.take()).toContain('closed 7');
    link.arrive(data(7, [1, 2, 3, 4, 5, 6]));
    node.turn();
    expect(link.take()).toEqual([]);
    expect(drops(node)).toMatchObject([{ type: 'message-dropped', reason: 'too-large' }]);
    link.end();
  });

  it('L-04 waits for messages in transit, even if the link accepts nothing at first', () => {
    const node = new LinkedNode();
    const values = heard(open(node));
    const { link } = node.peer(1, {}, { answersPings: false });
    // The answer to the first ping.
    link.arrive({ type: 'pong' });
    link.writable = false;
    leave(node);
    node.clock.advance(100);
    expect(link.closedFor).toBeUndefined();
    link.writable = true;
    // A peer answers once it has read the whole record.
    expect(link.take()).toEqual(['ping', 'closed 7']);
    link.arrive({ type: 'data', channel: 7, bytes: message, last: true });
    node.clock.advance(100);
    expect(link.closedFor).toBeUndefined();
    link.arrive({ type: 'pong' });
    node.clock.advance(10);
    expect([values, link.closedFor]).toEqual([[1], 'done']);
  });

  it('can be cancelled, which leaves the links open', () => {
    const node = new LinkedNode();
    const channel = open(node);
    const { link } = node.peer(1, { 7: 0 });
    channel.out.next({ to: idOf(1), message });
    node.switchboard.goodbye().subscribe().unsubscribe();
    node.clock.advance(5_000);
    expect(link.closedFor).toBeUndefined();
    expectIdle(node.clock.scheduler);
  });

  it.each([-1, NaN, 2 ** 31, '5'])('rejects a time of %p', (drainMs) => {
    const { switchboard } = new LinkedNode();
    expect(() => switchboard.goodbye(drainMs as number)).toThrow(
      expect.objectContaining({ code: 'RXMESH_OPTIONS_INVALID' }),
    );
  });
});
