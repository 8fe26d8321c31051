import { describe, expect, it } from '@jest/globals';
import { map, Subject, take } from 'rxjs';
import { Channels } from '../../lib/channel/channels.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Session } from '../../lib/session/session.ts';
import { route, type SessionEvent } from '../../operators/route.ts';
import { fakeId, FakeLinkEnd } from '../support/fake-link-end.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';

/** A node with sessions for `a` and `b` that both sides have accepted. */
function node() {
  const channels = new Channels({
    self: fakeId('0'),
    clock: new VirtualClock(),
    keepAlive: { intervalMs: 0 },
  });
  const links = { a: new FakeLinkEnd(), b: new FakeLinkEnd() };
  const sessions: Record<string, Session> = {
    a: channels.offer(links.a, fakeId('a')),
    b: channels.offer(links.b, fakeId('b')),
  };
  return { channels, links, sessions };
}

const named = ({ type, session, ...rest }: SessionEvent): string => {
  const name = session.id.slice(0, 1);
  return `${type} ${name}${'error' in rest ? ` ${rest.error.code}` : ''}`;
};

const names = { A: 'up a', B: 'up b', x: 'down a RXMESH_CONNECTION_FAILED', y: 'down b' };

describe('route', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const { channels, links, sessions } = node();
      const source = hot('    -a-----b-----|', sessions);
      const subscription = '  ^------------!';
      const ends = hot('      -------------------x');
      const result = '        -A-----B-----------x';
      ends.subscribe(() => links.a.break());
      expectObservable(source.pipe(route(channels), map(named))).toBe(result, names);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['never', '                             -', '     ^', '     -'],
    ['empty', '                             --|', '   ^-!', '   --|'],
    ['one that ends before the source', '   -a----|', '^-----!', '-A--x-|'],
    ['one that ends behind the source', '   -a-|', '  ^--!', '  -A--(x|)'],
    ['an error, which closes what runs', '  -a-#', '  ^--!', '  -A-#'],
  ])('%s', (_, sourceMarbles, subscription, result) => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const { channels, links, sessions } = node();
      const source = hot(sourceMarbles, sessions);
      hot('----x').subscribe(() => links.a.break());
      expectObservable(source.pipe(route(channels), map(named))).toBe(result, names);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect([...channels.sessions()]).toEqual([]);
    });
  });

  it('closes the sessions on an early unsubscribe', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const { channels, links, sessions } = node();
      const source = hot('    -a-b--', sessions);
      const subscription = '  ^---! ';
      const result = '        -A-B- ';
      expectObservable(source.pipe(route(channels), map(named)), subscription).toBe(result, names);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect([...channels.sessions()]).toEqual([]);
      expect([links.a.closedWith, links.b.closedWith]).toEqual([
        { reason: 'done' },
        { reason: 'done' },
      ]);
    });
  });

  it('has a session where messages are sent from before `up` until before `down`', () => {
    const { channels, links, sessions } = node();
    const source = new Subject<Session>();
    const log: string[] = [];
    source.pipe(route(channels)).subscribe((event) => {
      const sends = channels.session(event.session.id) === event.session;
      log.push(`${named(event)}, ${sends ? 'sends' : 'does not send'}`);
    });
    expect(channels.session(fakeId('a'))).toBeUndefined();
    if (sessions['a']) source.next(sessions['a']);
    links.a.close('done');
    expect(log).toEqual(['up a, sends', 'down a, does not send']);
    expect(links.a.closedWith).toEqual({ reason: 'done' });
  });

  it('says up and down of a session that has ended already', () => {
    const { channels, links, sessions } = node();
    links.b.close('done');
    const log: string[] = [];
    const source = new Subject<Session>();
    source.pipe(route(channels)).subscribe((event) => log.push(named(event)));
    if (sessions['b']) source.next(sessions['b']);
    expect(log).toEqual(['up b', 'down b']);
    expect([...channels.sessions()]).toEqual([]);
  });

  it('is re-entered by whoever closes a session that comes up', () => {
    const { channels, sessions } = node();
    const log: string[] = [];
    const source = new Subject<Session>();
    source.pipe(route(channels)).subscribe((event) => {
      log.push(named(event));
      if (event.type === 'up') event.session.close('done');
    });
    for (const session of Object.values(sessions)) source.next(session);
    expect(log).toEqual(['up a', 'down a', 'up b', 'down b']);
  });

  it('makes nothing live for whoever unsubscribes when a session comes up', () => {
    const { channels, links, sessions } = node();
    const source = new Subject<Session>();
    source.pipe(route(channels), take(1)).subscribe();
    if (sessions['a']) source.next(sessions['a']);
    expect(sessions['a']?.upSinceMs).toBeNaN();
    expect(links.a.closedWith).toEqual({ reason: 'done' });
    expect([...channels.sessions()]).toEqual([]);
  });
});

trackLeaks();
