import { describe, expect, it } from '@jest/globals';
import { map, Subject } from 'rxjs';
import { channelsOf, Switchboard } from '../../lib/channel/switchboard.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import type { Eviction } from '../../lib/peers/evictions.ts';
import { evict } from '../../operators/evict.ts';
import { fakeId, FakeLinkEnd } from '../support/fake-link-end.ts';
import { marbles } from '../support/marbles.ts';
import { trackLeaks } from '../support/leaks.ts';

const error = new RxmeshError('RXMESH_PEER_EVICTED', 'it sent nonsense');
const evictions: Readonly<Record<string, Eviction>> = {
  a: { peer: fakeId('a'), error },
  b: { peer: fakeId('b'), error },
};

/** A node with a session for `a` and none for `b`. */
function node() {
  const switchboard = new Switchboard({
    self: fakeId('0'),
    clock: new VirtualClock(),
    keepAlive: { intervalMs: 0 },
  });
  const channels = channelsOf(switchboard);
  const link = new FakeLinkEnd();
  channels.add(channels.offer(link, fakeId('a')));
  return { switchboard, link };
}

describe('evict', () => {
  it.each([
    ['what its marble shows', '-a--b-------|', '^-----------!', '-A----------|'],
    ['never', '                -', '            ^', '            -'],
    ['empty', '                --|', '          ^-!', '          --|'],
    ['error', '                -a-#', '         ^--!', '         -A-#'],
    ['many', '                 -(ba)a-|', '     ^------!', '     -A---A-|'],
  ])('%s', (_, source, subscription, result) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const { switchboard, link } = node();
      const evictions$ = hot(source, evictions);
      // Nothing removes an ended session here, as `route` would, so `a` may appear twice.
      const evicted$ = evictions$.pipe(
        evict(switchboard),
        map(({ id }) => (id === fakeId('a') && link.closedWith !== undefined ? 'A' : '?')),
      );
      expectObservable(evicted$).toBe(result);
      expectSubscriptions(evictions$.subscriptions).toBe(subscription);
    });
  });

  it("tells the peer that it is evicted, but not the application's reason", () => {
    const { switchboard, link } = node();
    const evictions$ = new Subject<Eviction>();
    evictions$.pipe(evict(switchboard)).subscribe();
    evictions$.next({ peer: fakeId('a'), error });
    expect(link.closedWith).toEqual({ reason: 'evicted', text: undefined });
  });

  it('closes nothing on an early unsubscribe', () => {
    marbles(({ hot, expectObservable, expectSubscriptions, flush }) => {
      const { switchboard, link } = node();
      const source = hot('    ---a', evictions);
      const subscription = '  ^-! ';
      const result = '        --- ';
      expectObservable(source.pipe(evict(switchboard)), subscription).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect(link.closedWith).toBeUndefined();
    });
  });

  it('can be re-entered from an eviction', () => {
    const { switchboard } = node();
    const channels = channelsOf(switchboard);
    channels.add(channels.offer(new FakeLinkEnd(), fakeId('b')));
    const evictions$ = new Subject<Eviction>();
    const evicted: string[] = [];
    evictions$.pipe(evict(switchboard)).subscribe(({ id }) => {
      evicted.push(id);
      if (id === fakeId('a')) evictions$.next({ peer: fakeId('b'), error });
    });
    evictions$.next({ peer: fakeId('a'), error });
    expect(evicted).toEqual([fakeId('a'), fakeId('b')]);
  });
});

trackLeaks();
