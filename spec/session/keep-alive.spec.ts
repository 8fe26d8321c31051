import { describe, expect, it } from '@jest/globals';
import { of } from 'rxjs';
import { block } from '../../lib/flow/strategy.ts';
import {
  keepAliveDefaults,
  keepAliveFrom,
  type KeepAliveSettings,
} from '../../lib/session/keep-alive.ts';
import type { Session } from '../../lib/session/session.ts';
import type { PeerSession } from '../../lib/session/peer-session.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { route } from '../../operators/route.ts';
import { FakeLink, type FakePacket } from '../support/fake-link.ts';
import { expectIdle } from '../support/leaks.ts';
import { idOf, LinkedNode, open } from '../support/linked-node.ts';

const pong: FakePacket = { type: 'pong' };
const seconds = (count: number): number => count * 1000;

/** A connected peer of a node that pings every 10 s and gives up after 30 s. */
function keptAlive(settings: Partial<KeepAliveSettings> = keepAliveDefaults) {
  const node = new LinkedNode(0, new VirtualClock(), undefined, settings);
  const { link, session } = node.peer(1, {}, { answersPings: false });
  // The answer to the first ping.
  link.arrive(pong);
  return { node, clock: node.clock, link, session, ends: endsOf(session) };
}

/** How the session ends. */
function endsOf(session: Session): string[] {
  const ends: string[] = [];
  session.ended$.subscribe((error) => ends.push(`${error?.code}: ${error?.message}`));
  return ends;
}

/** Advances time in steps of a second; the peer may send something at each. */
function pass(clock: VirtualClock, count: number, each: () => void = () => undefined): void {
  for (let second = 0; second < count; second += 1) {
    clock.advance(seconds(1));
    each();
  }
}

const timedOut = `RXMESH_PEER_TIMEOUT: nothing has arrived from ${idOf(1)} for 30000 ms`;

describe('a session that is kept alive', () => {
  it('pings at each interval and knows the last round trip', () => {
    const { clock, link, session } = keptAlive();
    expect(session.roundTripMs).toBeUndefined();
    clock.advance(9_999);
    expect(link.take()).toEqual([]);
    for (const roundTripMs of [40, 7, 9_999]) {
      clock.advance(1);
      expect(link.take()).toEqual(['ping']);
      clock.advance(roundTripMs);
      link.arrive(pong);
      expect(session.roundTripMs).toBe(roundTripMs);
      clock.advance(9_999 - roundTripMs);
    }
  });

  it('L-23 keeps pinging while one is unanswered: to a peer on a slow line each is a sign of life', () => {
    const { clock, link, session } = keptAlive();
    pass(clock, 35, () => link.arrive({ type: 'closed', channel: 9 }));
    expect(link.take()).toEqual(['ping', 'ping', 'ping']);
    link.arrive(pong);
    expect(session.roundTripMs).toBe(seconds(25));
    link.arrive(pong, pong);
    expect(session.roundTripMs).toBe(seconds(5));
    link.arrive(pong);
    expect(session.roundTripMs).toBe(seconds(5));
  });

  it('measures no round trip from an unsolicited pong', () => {
    const { clock, link, session } = keptAlive();
    link.arrive(pong);
    clock.advance(seconds(10));
    link.arrive(pong, pong);
    expect(session.roundTripMs).toBe(0);
    clock.advance(seconds(5));
    link.arrive(pong);
    expect(session.roundTripMs).toBe(0);
  });

  it('measures from when the ping is written, not from when it was due', () => {
    const { clock, link, session } = keptAlive();
    link.writable = false;
    clock.advance(seconds(12));
    link.arrive(pong);
    expect(session.roundTripMs).toBeUndefined();
    link.writable = true;
    expect(link.take()).toEqual(['ping']);
    clock.advance(3);
    link.arrive(pong);
    expect(session.roundTripMs).toBe(3);
  });

  it('ends when nothing has arrived for the timeout, and reports how long', () => {
    const { clock, link, ends } = keptAlive();
    pass(clock, 25, () => link.arrive(pong));
    clock.advance(seconds(30) - 1);
    expect(ends).toEqual([]);
    clock.advance(seconds(10));
    expect(ends).toEqual([timedOut]);
    expect(link.closedFor).toBe('done');
    expectIdle(clock.scheduler);
  });

  it('L-23 counts bytes of an incomplete record as a sign of life', () => {
    const { clock, link, session, ends } = keptAlive();
    link.arrivedBytes = 0;
    pass(clock, 25, () => link.arrive(pong));
    let bytes = 0;
    // One record of 64 KiB at 1 kB/s.
    pass(clock, 65, () => (link.arrivedBytes = bytes += 1_000));
    expect(session.over).toBe(false);
    clock.advance(seconds(40));
    expect(ends).toEqual([timedOut]);
  });

  it('ends then even if it cannot write either', () => {
    const { clock, link, ends } = keptAlive();
    link.writable = false;
    clock.advance(seconds(40));
    expect(ends).toEqual([timedOut]);
  });

  it('ends after four timeouts with other traffic but no pong', () => {
    const { node, clock, link, session, ends } = keptAlive();
    open(node, { inbound: block(1) });
    node.turn();
    const say = () => link.arrive({ type: 'credit', channel: 7, messages: 0, bytes: 2 ** 30 });
    // It has answered once.
    pass(clock, 20, say);
    link.arrive(pong);
    pass(clock, 129, say);
    expect(session.over).toBe(false);
    pass(clock, 2, say);
    expect(ends).toEqual([
      `RXMESH_PEER_TIMEOUT: no pong has arrived from ${idOf(1)} for 120000 ms`,
    ]);
    expect(link.closedFor).toBe('done');
    expect(session.roundTripMs).toBe(seconds(10));
    expectIdle(clock.scheduler);
  });

  it('ends then even if it cannot write its ping: the peer sends but reads nothing', () => {
    const { clock, link, ends } = keptAlive();
    link.writable = false;
    pass(clock, 131, () => link.arrive({ type: 'closed', channel: 9 }));
    expect(ends).toEqual([expect.stringContaining('no pong')]);
  });

  it('continues if any pong arrives in time, since earlier pings are answered first', () => {
    const { clock, link, session } = keptAlive();
    // Its own ping waits meanwhile.
    link.writable = false;
    for (let times = 0; times < 5; times += 1) {
      pass(clock, 115, () => link.arrive({ type: 'closed', channel: 9 }));
      link.arrive(pong);
    }
    expect(session.over).toBe(false);
    expect(session.roundTripMs).toBeUndefined();
  });

  it('pings through a channel without credit', () => {
    const { node, clock, link } = keptAlive();
    const channel = open(node);
    link.arrive({ type: 'credit', channel: 7, messages: 0, bytes: 2 ** 30 });
    node.turn();
    link.take();
    channel.send({ to: idOf(1), message: Uint8Array.of(1) }).subscribe();
    clock.advance(seconds(10));
    expect(link.take()).toEqual(['ping']);
  });

  it('counts its settings in whole intervals', () => {
    const { clock, ends } = keptAlive({ intervalMs: 1_000, timeoutMs: 1_001 });
    clock.advance(2_999);
    expect(ends).toEqual([]);
    clock.advance(1);
    expect(ends).toHaveLength(1);
  });

  it('allows one interval to answer the first ping if the timeout is no longer', () => {
    const { clock, link, ends } = keptAlive({ intervalMs: 1_000, timeoutMs: 1_000 });
    for (let ticks = 0; ticks < 5; ticks += 1) {
      clock.advance(1_000);
      expect(link.take()).toEqual(['ping']);
      link.arrive(pong);
    }
    clock.advance(1_999);
    expect(ends).toEqual([]);
    clock.advance(1);
    expect(ends).toHaveLength(1);
  });

  it('does nothing with an interval of 0', () => {
    const { clock, link, session } = keptAlive({ intervalMs: 0 });
    expectIdle(clock.scheduler);
    clock.advance(seconds(3_600));
    expect(link.take()).toEqual([]);
    expect(session.over).toBe(false);
  });

  it('leaves nothing behind, whichever side ends it and when', () => {
    const one = keptAlive();
    one.session.close('done');
    expectIdle(one.clock.scheduler);
    const other = keptAlive();
    // Its ping ends the link.
    other.link.onFlush = () => other.link.end();
    other.clock.advance(seconds(10));
    expect(other.session.over).toBe(true);
    expectIdle(other.clock.scheduler);
  });

  it('answers a flood of pings with one pong each, all at the end of the turn', () => {
    const { node, link } = keptAlive();
    const flood = Array.from({ length: 150 }, (): FakePacket => ({ type: 'ping' }));
    for (let turns = 0; turns < 3; turns += 1) {
      link.arrive(...flood);
      link.arrive(...flood);
      node.turn();
      expect(link.take()).toEqual(Array.from({ length: 300 }, () => 'pong'));
    }
  });
});

describe('a session that is probed', () => {
  function probed(): { node: LinkedNode; link: FakeLink; session: Session; ends: string[] } {
    const node = new LinkedNode();
    const { link, session } = node.peer(1, {}, { answersPings: false });
    link.arrive(pong);
    const ends = endsOf(session);
    session.probe();
    return { node, link, session, ends };
  }

  it('continues if a record arrives in time, whatever it contains', () => {
    const { node, link, session } = probed();
    session.probe();
    expect(link.take()).toEqual(['ping']);
    node.clock.advance(4_999);
    link.arrive(pong);
    node.clock.advance(60_000);
    expect(session.over).toBe(false);
    expectIdle(node.clock.scheduler);
  });

  it('ends with an error if none arrives', () => {
    const { node, session, ends } = probed();
    node.clock.advance(4_999);
    expect(session.over).toBe(false);
    node.clock.advance(1);
    expect(session.over).toBe(true);
    expect(ends).toEqual([`RXMESH_PEER_TIMEOUT: nothing has arrived from ${idOf(1)} for 5000 ms`]);
    session.probe();
    expectIdle(node.clock.scheduler);
  });

  it('is probed again after an answer, even within the time of the first probe', () => {
    const { node, link, session } = probed();
    node.clock.advance(2_000);
    link.arrive(pong);
    session.probe();
    expect(link.take()).toEqual(['ping', 'ping']);
    node.clock.advance(4_999);
    expect(session.over).toBe(false);
    node.clock.advance(1);
    expect(session.over).toBe(true);
    expectIdle(node.clock.scheduler);
  });
});

describe('keep-alive of a session', () => {
  it('does not start if a handler ends the session as the peer comes up', () => {
    const node = new LinkedNode(0, new VirtualClock(), undefined, {});
    const link = new FakeLink();
    const session = node.channels.offer(link, idOf(1));
    link.arrive({ type: 'accept' });
    const log: string[] = [];
    of<PeerSession>(session)
      .pipe(route(node.switchboard))
      .subscribe(({ type }) => {
        log.push(type);
        if (type === 'up') session.close('evicted');
      });
    expect([log, link.closedFor]).toEqual([['up', 'down'], 'evicted']);
    expectIdle(node.clock.scheduler);
  });
});

describe('keepAliveFrom', () => {
  it('has defaults that suit each other', () => {
    expect(keepAliveFrom()).toEqual({ intervalMs: 10_000, timeoutMs: 30_000 });
    expect(keepAliveFrom({ intervalMs: 60_000 })).toEqual({
      intervalMs: 60_000,
      timeoutMs: 60_000,
    });
    expect(keepAliveFrom({ intervalMs: 0 })).toEqual({ intervalMs: 0, timeoutMs: 30_000 });
  });

  it.each([
    { timeoutMs: 9_999 },
    { intervalMs: -1 },
    { intervalMs: NaN },
    { intervalMs: Infinity, timeoutMs: Infinity },
    { intervalMs: 2 ** 31 },
    { timeoutMs: NaN },
  ])('rejects %p', (given) => {
    expect(() => keepAliveFrom(given)).toThrow(RangeError);
  });
});
