import { describe, expect, it } from '@jest/globals';
import { map, Subject, take } from 'rxjs';
import { channelsOf, Switchboard } from '../../lib/channel/switchboard.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { PeerSession } from '../../lib/session/peer-session.ts';
import { route, type SessionEvent } from '../../operators/route.ts';
import { fakeId, FakeLinkEnd } from '../support/fake-link-end.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';

/** A node with sessions for `a` and `b` that both sides have accepted. */
function node() {
  const switchboard = new Switchboard({
    self: fakeId('0'),
    clock: new VirtualClock(),
    keepAlive: { intervalMs: 0 },
  });
  const channels = channelsOf(switchboard);
  const links = { a: new FakeLinkEnd(), b: new FakeLinkEnd() };
  const sessions: Record<string, PeerSession> = {
    a: channels.offer(links.a, fakeId('a')),
    b: channels.offer(links.b, fakeId('b')),
  };
  return { switchboard, links, sessions };
}

const named = ({ type, session, ...rest }: SessionEvent): string => {
  const name = session.id.slice(0, 1);
  return `${type} ${name}${'error' in rest ? ` ${rest.error.code}` : ''}`;
};

const names = { A: 'up a', B: 'up b', x: 'down a RXMESH_CONNECTION_FAILED', y: 'down b' };

describe('route', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const { switchboard, links, sessions } = node();
      const source = hot('    -a-----b-----|', sessions);
      const subscription = '  ^------------!';
      const ends = hot('      -------------------x');
      const result = '        -A-----B-----------x';
      ends.subscribe(() => links.a.break());
      expectObservable(source.pipe(route(switchboard), map(named))).toBe(result, names);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['never', '                             -', '     ^', '     -'],
    ['empty', '                             --|', '   ^-!', '   --|'],
    ['one session that ends before the source', '   -a----|', '^-----!', '-A--x-|'],
    ['one session that ends after the source', '   -a-|', '  ^--!', '  -A--(x|)'],
    ['an error, which closes running sessions', '  -a-#', '  ^--!', '  -A-#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const { switchboard, links, sessions } = node();
      const source = hot(sourceMarbles, sessions);
      hot('----x').subscribe(() => links.a.break());
      expectObservable(source.pipe(route(switchboard), map(named))).toBe(result, names);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect(switchboard.snapshot().peers).toEqual([]);
    });
  });

  it('closes the sessions on an early unsubscribe', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const { switchboard, links, sessions } = node();
      const source = hot('    -a-b--', sessions);
      const subscription = '  ^---! ';
      const result = '        -A-B- ';
      expectObservable(source.pipe(route(switchboard), map(named)), subscription).toBe(
        result,
        names,
      );
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect(switchboard.snapshot().peers).toEqual([]);
      expect([links.a.closedWith, links.b.closedWith]).toEqual([
        { reason: 'done' },
        { reason: 'done' },
      ]);
    });
  });

  it('uses a session for sending from just before `up` until just before `down`', () => {
    const { switchboard, links, sessions } = node();
    const source = new Subject<PeerSession>();
    const log: string[] = [];
    source.pipe(route(switchboard)).subscribe((event) => {
      const sends = channelsOf(switchboard).session(event.session.id) === event.session;
      log.push(`${named(event)}, ${sends ? 'sends' : 'does not send'}`);
    });
    expect(switchboard.snapshot().peers).toEqual([]);
    if (sessions['a']) source.next(sessions['a']);
    links.a.close('done');
    expect(log).toEqual(['up a, sends', 'down a, does not send']);
    expect(links.a.closedWith).toEqual({ reason: 'done' });
  });

  it('reports up and down for a session that has already ended', () => {
    const { switchboard, links, sessions } = node();
    links.b.close('done');
    const log: string[] = [];
    const source = new Subject<PeerSession>();
    source.pipe(route(switchboard)).subscribe((event) => log.push(named(event)));
    if (sessions['b']) source.next(sessions['b']);
    expect(log).toEqual(['up b', 'down b']);
    expect(switchboard.snapshot().peers).toEqual([]);
  });

  it('can be re-entered by closing a session as it comes up', () => {
    const { switchboard, sessions } = node();
    const log: string[] = [];
    const source = new Subject<PeerSession>();
    source.pipe(route(switchboard)).subscribe((event) => {
      log.push(named(event));
      if (event.type === 'up') event.session.close('done');
    });
    for (const session of Object.values(sessions)) source.next(session);
    expect(log).toEqual(['up a', 'down a', 'up b', 'down b']);
  });

  it('fails for a session of another switchboard', () => {
    const { sessions } = node();
    const { switchboard } = node();
    const log: unknown[] = [];
    const source = new Subject<PeerSession>();
    source.pipe(route(switchboard)).subscribe({ error: (error: unknown) => log.push(error) });
    if (sessions['a']) source.next(sessions['a']);
    expect(log).toEqual([expect.any(TypeError)]);
    expect(source.observed).toBe(false);
  });

  it('makes nothing live if unsubscribed when a session comes up', () => {
    const { switchboard, links, sessions } = node();
    const source = new Subject<PeerSession>();
    source.pipe(route(switchboard), take(1)).subscribe();
    if (sessions['a']) source.next(sessions['a']);
    const [session] = Object.values(sessions);
    if (session === undefined) throw new Error('there is a session');
    expect(channelsOf(switchboard).behind(session).upSinceMs).toBeNaN();
    expect(links.a.closedWith).toEqual({ reason: 'done' });
    expect(switchboard.snapshot().peers).toEqual([]);
  });
});

trackLeaks();
