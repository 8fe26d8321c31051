import { describe, expect, it } from '@jest/globals';
import { map, type Observable, Subject, take } from 'rxjs';
import { channelsOf, Switchboard } from '../../lib/channel/switchboard.ts';
import type { Clock } from '../../lib/flow/clock.ts';
import type { Direction } from '../../lib/model/direction.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { NodeId } from '../../lib/model/id.ts';
import type { PeerSession } from '../../lib/session/peer-session.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Proven } from '../../lib/transport/attempt.ts';
import { route } from '../../operators/route.ts';
import { accept, type AcceptOptions } from '../../operators/accept.ts';
import { fakeId, FakeLinkEnd } from '../support/fake-link-end.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';

type Link = Proven & { readonly link: FakeLinkEnd };

const provenLink = (digit: string, direction: Direction = 'inbound'): Link => ({
  link: new FakeLinkEnd(direction),
  id: fakeId(digit),
});

/** `accept` at the node `5`, and what it reported. It waits 10 ms unless the options differ. */
function setUp(clock: Clock, options: Partial<AcceptOptions> = { timeoutMs: 10 }) {
  const self: NodeId = fakeId('5');
  const switchboard = new Switchboard({ self, clock, keepAlive: { intervalMs: 0 } });
  const channels = channelsOf(switchboard);
  const failures = new Subject<string>();
  const log: string[] = [];
  failures.subscribe((failure) => log.push(failure));
  const onFailure: AcceptOptions['onFailure'] = ({ code }, { id, link }, claimed) =>
    failures.next(`${id.slice(0, 1)} ${link.direction} ${code}${claimed ? ', claimed' : ''}`);
  const accepting = accept({ clock, switchboard, onFailure, ...options });
  return { switchboard, channels, failures, log, accepting };
}

const named = map(({ id, direction }: PeerSession) => `${id.slice(0, 1)} ${direction}`);
const sessionsOf = (sessions$: Observable<PeerSession>, log: string[]) =>
  sessions$.pipe(named).subscribe({
    next: (name) => log.push(name),
    error: (error: unknown) => log.push(`error ${String(error)}`),
    complete: () => log.push('complete'),
  });

describe('S-03 peers that do not accept', () => {
  it('make room for newcomers after 500 ms when there are too many', () => {
    const clock = new VirtualClock();
    const { accepting, log } = setUp(clock, { timeoutMs: 10_000, concurrency: 1 });
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const [a, b, c] = [provenLink('a'), provenLink('b'), provenLink('c')];
    source.next(a);
    clock.advance(499);
    source.next(b);
    clock.advance(1);
    source.next(c);
    c.link.hear({ type: 'accept' });
    expect(log).toEqual([
      'b inbound RXMESH_TOO_MANY_HANDSHAKES',
      'a inbound RXMESH_TOO_MANY_HANDSHAKES, claimed',
      'c inbound',
    ]);
    expect([a, b].map(({ link }) => link.closedWith?.reason)).toEqual(['full', 'full']);
  });

  it('make room when no slot is free, unless this node dialed them', () => {
    const clock = new VirtualClock();
    let slots = 2;
    const { accepting, log, failures } = setUp(clock, {
      timeoutMs: 10_000,
      claim: () => {
        if (slots === 0) throw new RxmeshError('RXMESH_PEERS_FULL', 'no slot');
        slots -= 1;
      },
    });
    failures.subscribe((failure) => (slots += failure.endsWith('claimed') ? 1 : 0));
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const links = ['a', 'b', 'c', 'd'].map((digit) =>
      provenLink(digit, digit === 'a' ? 'outbound' : 'inbound'),
    );
    const [a, b, c, d] = links;
    if (!a || !b || !c || !d) throw new Error('no links');
    source.next(a);
    source.next(b);
    clock.advance(500);
    source.next(c);
    source.next(d);
    c.link.hear({ type: 'accept' });
    expect(log).toEqual([
      'b inbound RXMESH_TOO_MANY_HANDSHAKES, claimed',
      'd inbound RXMESH_PEERS_FULL',
      'c inbound',
    ]);
  });
});

describe('accept', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const { accepting, failures } = setUp(clock);
      const links = { a: provenLink('a'), b: provenLink('b') };
      const source = hot('    -a--b-------|', links);
      const subscription = '  ^-----------!';
      const accepts = hot('   ----x        ');
      const refuses = hot('   ------x      ');
      const result = '        ----A-------|';
      const failed = '        ------b      ';
      accepts.subscribe(() => links.a.link.hear({ type: 'accept' }));
      refuses.subscribe(() => links.b.link.hear({ type: 'bye', reason: 'refused' }));
      expectObservable(failures).toBe(failed, { b: 'b inbound RXMESH_PEER_REFUSED, claimed' });
      expectObservable(source.pipe(accepting, named)).toBe(result, { A: 'a inbound' });
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it.each([
    ['never', '                  -     ', '^', '   -', '           -'],
    ['empty', '                  --|   ', '^-!', ' --|', '         -'],
    ['an answer after the end', ' a|    ', '^!', '  --------(A|)', '-'],
    ['an early answer', '      a---------|', '^---------!', '--------A-|', '-'],
    ['an error, which closes pending links', 'a-#', '^-!', ' --#', '   --x'],
  ])('%s', (_, sourceMarbles, subscription, result, failed) => {
    marbles(({ hot, clock, expectObservable, expectSubscriptions }) => {
      const { accepting, failures } = setUp(clock);
      const a = provenLink('a');
      const source = hot(sourceMarbles, { a });
      hot('--------x').subscribe(() => a.link.hear({ type: 'accept' }));
      const values = { x: 'a inbound RXMESH_CONNECTION_CLOSED, claimed', A: 'a inbound' };
      expectObservable(failures).toBe(failed, values);
      expectObservable(source.pipe(accepting, named)).toBe(result, values);
      expectSubscriptions(source.subscriptions).toBe(subscription);
    });
  });

  it('drops a peer that does not accept in time, and otherwise leaves no timer', () => {
    const clock = new VirtualClock();
    const { accepting, log } = setUp(clock);
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const [a, b] = [provenLink('a'), provenLink('b')];
    source.next(a);
    clock.advance(9);
    source.next(b);
    b.link.hear({ type: 'accept' });
    expect(log).toEqual(['b inbound']);
    clock.advance(1);
    expect(log).toEqual(['b inbound', 'a inbound RXMESH_HANDSHAKE_TIMEOUT, claimed']);
    expect(a.link.closedWith).toEqual({ reason: 'refused' });
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('waits 10 seconds by default and indefinitely with 0', () => {
    const clock = new VirtualClock();
    const usual = setUp(clock, {});
    const patient = setUp(clock, { timeoutMs: 0 });
    const source = new Subject<Proven>();
    source.pipe(usual.accepting).subscribe();
    source.next(provenLink('a'));
    clock.advance(9_999);
    expect(usual.log).toEqual([]);
    clock.advance(1);
    expect(usual.log).toEqual(['a inbound RXMESH_HANDSHAKE_TIMEOUT, claimed']);
    const other = new Subject<Proven>();
    other.pipe(patient.accepting).subscribe();
    other.next(provenLink('a'));
    expect(clock.dueTimesMs).toEqual([]);
  });

  it.each([
    ['RXMESH_PEERS_FULL', 'full', new RxmeshError('RXMESH_PEERS_FULL', 'no')],
    ['RXMESH_PEER_REFUSED', 'refused', new Error('I do not like it')],
  ])('refuses a peer for which `claim` throws: %s', (code, reason, thrown) => {
    const claim = (): never => {
      throw thrown;
    };
    const { accepting, log } = setUp(new VirtualClock(), { claim });
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const a = provenLink('a');
    source.next(a);
    source.complete();
    expect(log).toEqual([`a inbound ${code}`, 'complete']);
    expect(a.link.closedWith).toEqual({ reason });
  });

  it('refuses a second link to a peer with an established session before claiming a slot', () => {
    const claims: Proven[] = [];
    const clock = new VirtualClock();
    const { accepting, log, channels } = setUp(clock, { claim: (proven) => claims.push(proven) });
    const source = new Subject<Proven>();
    source.pipe(accepting).subscribe((session) => channels.add(channels.behind(session)));
    const [first, second, again] = [provenLink('a'), provenLink('a', 'outbound'), provenLink('a')];
    source.next(first);
    first.link.hear({ type: 'accept' });
    for (const late of [second, again]) source.next(late);
    expect(log).toEqual([
      'a outbound RXMESH_DUPLICATE_CONNECTION',
      'a inbound RXMESH_DUPLICATE_CONNECTION',
    ]);
    expect(second.link.closedWith).toEqual({ reason: 'duplicate' });
    expect(claims).toEqual([first]);
  });

  it('pings the session when its peer connects again, and drops it if it is dead', () => {
    const clock = new VirtualClock();
    const { accepting, log, switchboard } = setUp(clock);
    const source = new Subject<Proven>();
    source.pipe(accepting, route(switchboard)).subscribe(({ type }) => log.push(type));
    const [first, second, third] = [provenLink('a'), provenLink('a'), provenLink('a')];
    source.next(first);
    first.link.hear({ type: 'accept' });
    // A new session measures the round trip.
    expect(first.link.pings).toBe(1);
    source.next(second);
    expect(first.link.pings).toBe(2);
    clock.advance(5_000);
    expect(first.link.closedWith).toMatchObject({ reason: 'done' });
    source.next(third);
    third.link.hear({ type: 'accept' });
    expect(log).toEqual(['up', 'a inbound RXMESH_DUPLICATE_CONNECTION', 'down', 'up']);
    expect(clock.dueTimesMs).toEqual([]);
  });

  it('refuses a second link dialed by the same side', () => {
    const { accepting, log } = setUp(new VirtualClock());
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const [first, second] = [provenLink('a'), provenLink('a')];
    source.next(first);
    source.next(second);
    first.link.hear({ type: 'accept' });
    expect(log).toEqual(['a inbound RXMESH_DUPLICATE_CONNECTION', 'a inbound']);
  });

  it('holds a link that the peer has accepted until the preferred one is decided, however long that takes', () => {
    const clock = new VirtualClock();
    const { accepting, log } = setUp(clock);
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    // 5 is lower than a, so the link that 5 dialed is preferred.
    const [other, preferred] = [provenLink('a', 'inbound'), provenLink('a', 'outbound')];
    source.next(other);
    clock.advance(9);
    source.next(preferred);
    other.link.hear({ type: 'accept' });
    clock.advance(9);
    expect(log).toEqual([]);
    clock.advance(1);
    expect(log).toEqual(['a outbound RXMESH_HANDSHAKE_TIMEOUT, claimed', 'a inbound']);
  });

  it('opens a session on a link already accepted by its peer, but not on one that has ended', () => {
    const { accepting, log } = setUp(new VirtualClock());
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const [quick, gone] = [provenLink('a'), provenLink('b')];
    quick.link.hear({ type: 'accept' });
    gone.link.break();
    source.next(quick);
    source.next(gone);
    expect(log).toEqual(['a inbound', 'b inbound RXMESH_CONNECTION_FAILED, claimed']);
  });

  it('closes pending links on an early unsubscribe and keeps established sessions', () => {
    const clock = new VirtualClock();
    const { accepting, log } = setUp(clock);
    const source = new Subject<Proven>();
    const subscription = sessionsOf(source.pipe(accepting), log);
    const [up, waits] = [provenLink('a'), provenLink('b')];
    for (const each of [up, waits]) source.next(each);
    up.link.hear({ type: 'accept' });
    subscription.unsubscribe();
    expect(log).toEqual(['a inbound', 'b inbound RXMESH_CONNECTION_CLOSED, claimed']);
    expect([up.link.ended, waits.link.ended]).toEqual([false, true]);
    expect(source.observed).toBe(false);
    expect(clock.dueTimesMs).toEqual([]);
  });
});

describe('accept when re-entered', () => {
  it('uses the session that comes up while the other link is being offered', () => {
    const { accepting, log } = setUp(new VirtualClock());
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const [other, preferred] = [provenLink('a', 'inbound'), provenLink('a', 'outbound')];
    // The peer answers synchronously, on both links.
    other.link.say = ({ type }) => {
      if (type !== 'accept') return;
      source.next(preferred);
      preferred.link.hear({ type: 'accept' });
      other.link.hear({ type: 'accept' });
    };
    source.next(other);
    expect(log).toEqual(['a inbound RXMESH_DUPLICATE_CONNECTION, claimed', 'a outbound']);
    expect(other.link.closedWith).toEqual({ reason: 'duplicate' });
  });

  it('waits for the preferred link even while that is being offered', () => {
    const { accepting, log } = setUp(new VirtualClock());
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting), log);
    const [other, preferred] = [provenLink('a', 'inbound'), provenLink('a', 'outbound')];
    preferred.link.say = ({ type }) => {
      if (type !== 'accept') return;
      source.next(other);
      other.link.hear({ type: 'accept' });
    };
    source.next(preferred);
    expect(log).toEqual([]);
    preferred.link.hear({ type: 'accept' });
    expect(log).toEqual(['a inbound RXMESH_DUPLICATE_CONNECTION, claimed', 'a outbound']);
  });

  it('offers nothing if unsubscribed while a slot is claimed', () => {
    const source = new Subject<Proven>();
    const claim = (): void => subscription.unsubscribe();
    const { accepting, log } = setUp(new VirtualClock(), { claim });
    const subscription = sessionsOf(source.pipe(accepting), log);
    const a = provenLink('a');
    const said: string[] = [];
    a.link.say = ({ type }) => said.push(type);
    source.next(a);
    expect(log).toEqual(['a inbound RXMESH_CONNECTION_CLOSED, claimed']);
    expect(said).toEqual(['bye']);
  });

  it('hands over the session even if its subscriber unsubscribes on receiving it', () => {
    const { accepting, log } = setUp(new VirtualClock());
    const source = new Subject<Proven>();
    sessionsOf(source.pipe(accepting, take(1)), log);
    const [a, b] = [provenLink('a'), provenLink('b')];
    for (const each of [a, b]) source.next(each);
    a.link.hear({ type: 'accept' });
    expect(log).toEqual(['a inbound', 'complete', 'b inbound RXMESH_CONNECTION_CLOSED, claimed']);
    expect(a.link.ended).toBe(false);
  });
});

trackLeaks();
