import { describe, expect, it } from '@jest/globals';
import { json } from '../../lib/codec/json.ts';
import { block } from '../../lib/flow/strategy.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { reportOfEnd } from '../../lib/model/peer-report.ts';
import type { Session } from '../../lib/session/session.ts';
import type { FakePacket } from '../support/fake-link.ts';
import { idOf, LinkedNode } from '../support/linked-node.ts';

const ping: FakePacket = { type: 'ping' };
const pong: FakePacket = { type: 'pong' };
const toggle: readonly FakePacket[] = [
  { type: 'closed', channel: 9 },
  { type: 'credit', channel: 9, messages: 0, bytes: 0 },
];
const idle: FakePacket = { type: 'credit', channel: 9, messages: 0, bytes: 0 };

const limit = (channel: number): FakePacket => ({ type: 'limit', channel, bytes: 4_194_304 });

const times = (count: number, ...packets: readonly FakePacket[]): FakePacket[] =>
  Array.from({ length: count }, () => packets).flat();

/** How a session ends, if it does. */
function endOf(session: Session): RxmeshError[] {
  const ends: RxmeshError[] = [];
  session.ended$.subscribe((error) => error && ends.push(error));
  return ends;
}

describe('S-01 a peer that sends only control packets', () => {
  it.each([
    ['pings', [ping], 1_024],
    ['unsolicited pongs', [pong], 1_024],
    ['credit that grants nothing', [idle], 1_024],
    ['closings of channels that were not open', [{ type: 'closed', channel: 11 }], 1_024],
    ['channels that open and close', toggle, 1_024],
    ['message limits of a channel', [limit(9)], 1_024],
    ['message limits of a channel that is open nowhere', [limit(11)], 1_024],
  ] as const)(
    'may send that many at once, and one more ends the session: %s',
    (_, packets, count) => {
      const node = new LinkedNode();
      const { link, session } = node.peer(1, { 9: 1 }, { answersPings: false });
      const ends = endOf(session);
      link.arrive(...times(count - 1, ...packets));
      expect(ends).toEqual([]);
      // Our own ping earns one, and the first limit of a channel is free.
      link.arrive(...times(4, ...packets));
      expect(ends).toMatchObject([{ code: 'RXMESH_PROTOCOL_VIOLATION', peer: idOf(1) }]);
      expect(ends[0]?.message).toContain(
        'more than 1024 control packets in a burst, or 1000 per second',
      );
      expect(link.closedFor).toBe('violation');
      expect(reportOfEnd(idOf(1), ends[0])).toMatchObject({ severity: 'penalize' });
    },
  );

  it('may continue at 1,000 per second', () => {
    const node = new LinkedNode();
    const { link, session } = node.peer(1, {}, { answersPings: false });
    const ends = endOf(session);
    link.arrive(...times(1_000, ping));
    for (let ms = 0; ms < 1_000; ms += 10) {
      node.clock.advance(10);
      link.arrive(...times(10, ping));
    }
    expect(ends).toEqual([]);
    link.arrive(...times(40, ping));
    expect(ends).toHaveLength(1);
  });

  it('earns one more with each message in either direction', () => {
    const node = new LinkedNode();
    const channel = node.channels.open({ id: 7, codec: json<number>(), inbound: block(8) });
    channel.in$.subscribe();
    const { link, session } = node.peer(1, { 7: 100_000 });
    const ends = endOf(session);
    for (let rounds = 0; rounds < 3_000; rounds += 1) {
      link.arrive(ping, { type: 'data', channel: 7, bytes: Uint8Array.of(0x31), last: true });
      channel.out.next({ broadcast: true, message: 1 });
      link.arrive({ type: 'credit', channel: 7, messages: 1, bytes: 1 });
      node.turn();
    }
    expect(ends).toEqual([]);
  });

  it('may open each possible channel once for free', () => {
    const node = new LinkedNode();
    for (let id = 1; id <= 2_000; id += 1) node.channels.open({ id, codec: json<number>() });
    const { link, session } = node.peer(1);
    const ends = endOf(session);
    const each = (packet: (channel: number) => FakePacket): FakePacket[] =>
      Array.from({ length: 2_000 }, (_, index) => packet(index + 1));
    link.arrive(...each(limit));
    link.arrive(...each((channel) => ({ type: 'credit', channel, messages: 1, bytes: 1 })));
    link.arrive(...each((channel) => ({ type: 'closed', channel })));
    expect(ends).toEqual([]);
  });
});
