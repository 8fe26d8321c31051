import { describe, expect, it } from '@jest/globals';
import { concat, type Observable, of, Subject, take } from 'rxjs';
import { connected, up } from '../../lib/peers/connected.ts';
import type { PeerUpdate } from '../../lib/peers/peer-updates.ts';
import { marbles } from '../support/marbles.ts';
import { id } from './fixture.ts';

const update = (digit: string, status: 'up' | 'down', channels: number[] = []): PeerUpdate => ({
  id: id(digit),
  status,
  direction: 'inbound',
  channels,
});
const [A, B] = [update('a', 'up'), update('b', 'up')];
const C = update('a', 'down');
const keys = (map: ReadonlyMap<unknown, PeerUpdate>): string =>
  [...map.keys()].map((each) => String(each)[0]).join('');

describe('connected', () => {
  it('emits the current map, and a new one for each update', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const later = cold('  --b---a--|', { b: B, a: C });
      const subs = '        ^--------!';
      const result = '      M-N---O--|';
      const peers$: Observable<PeerUpdate> = concat(of(A), later);
      const maps = {
        M: new Map([[A.id, A]]),
        N: new Map([
          [A.id, A],
          [B.id, B],
        ]),
        O: new Map([[B.id, B]]),
      };
      expectObservable(connected(peers$)).toBe(result, maps);
      expectSubscriptions(later.subscriptions).toBe(subs);
    });
  });

  it('starts with an empty map, and has the last update of a peer that returned', () => {
    const peers = new Subject<PeerUpdate>();
    const maps: ReadonlyMap<unknown, PeerUpdate>[] = [];
    connected(peers).subscribe((map) => maps.push(map));
    const again = update('a', 'up', [1]);
    for (const each of [A, C, again]) peers.next(each);
    expect(maps.map(keys)).toEqual(['', 'a', '', 'a']);
    expect(maps.at(-1)?.get(A.id)).toBe(again);
  });

  it('unsubscribes from the peers with its subscriber, even during the first map', () => {
    const peers = new Subject<PeerUpdate>();
    connected(peers).pipe(take(1)).subscribe();
    expect(peers.observed).toBe(false);
    const subscription = connected(peers).subscribe();
    subscription.unsubscribe();
    expect(peers.observed).toBe(false);
  });

  it('emits the final map if the peers have already completed', () => {
    const log: string[] = [];
    connected(of(A)).subscribe({
      next: (map) => log.push(keys(map)),
      complete: () => log.push('|'),
    });
    expect(log).toEqual(['a', '|']);
  });
});

describe('up', () => {
  it('emits the update with which the peer comes up, once', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const peers = cold('  -b-c-a-b-', { a: A, b: B, c: C });
      const subs = '        ^----!';
      const result = '      -----(a|)';
      expectObservable(up(peers, A.id)).toBe(result, { a: A });
      expectSubscriptions(peers.subscriptions).toBe(subs);
    });
  });

  it('is empty if the peers complete first', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(up(cold('-b-|', { b: B }), A.id)).toBe('---|');
    });
  });
});
