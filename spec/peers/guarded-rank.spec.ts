import { describe, expect, it } from '@jest/globals';
import { guardedRank, type Rank } from '../../lib/peers/guarded-rank.ts';
import { at, Bench, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

const [record] = new Bench().add(at('a')).manager.peers();
if (record === undefined) throw new Error('there is no record');

describe('guardedRank', () => {
  it('uses 0 for anything but a number, and reports once until it works again', () => {
    const failures: string[] = [];
    const answers: unknown[] = [3, NaN, 'high', 4, Infinity];
    const rank: Rank = () => answers.shift() as number;
    const guarded = guardedRank(rank, (name, thrown) => failures.push(`${name} ${String(thrown)}`));
    expect([1, 2, 3, 4, 5].map(() => guarded(record))).toEqual([3, 0, 0, 4, 0]);
    expect(failures).toEqual([
      'peers.rank RangeError: peers.rank must return a finite number, got NaN',
      'peers.rank RangeError: peers.rank must return a finite number, got Infinity',
    ]);
  });

  it('uses 0 if it throws', () => {
    const failures: unknown[] = [];
    const broken = (): number => {
      throw new Error('broken');
    };
    expect(guardedRank(broken, (_, thrown) => failures.push(thrown))(record)).toBe(0);
    expect(failures).toEqual([new Error('broken')]);
  });
});

describe('PeerManager: rank', () => {
  it('is called again when something about a peer has changed', () => {
    const rank: Rank = ({ score, status }) => (status === 'up' ? score : -1);
    const bench = new Bench({ rank }).add(at('a'));
    const ranks = (): number[] => bench.manager.peers().map((peer) => peer.rank);
    expect(ranks()).toEqual([-1]);
    bench.accept('a');
    expect(ranks()).toEqual([0]);
    bench.manager.report({ peer: id('a'), severity: 'note', good: true, reason: 'well done' });
    expect(ranks()).toEqual([1]);
    bench.manager.disconnected(id('a'), 'inbound');
    expect(ranks()).toEqual([-1]);
  });

  it('takes precedence over the score', () => {
    const rank: Rank = ({ id: peer }) => Number(peer === id('b'));
    const bench = new Bench({ rank }).add(at('a'), at('b'));
    bench.manager.report({ peer: id('b'), severity: 'penalize', reason: 'late' });
    expect(bench.known()).toEqual(['b', 'a']);
  });

  it('may change the peers it is asked about', () => {
    const bench: Bench = new Bench({
      rank: ({ id: peer }) => {
        if (peer === id('a')) bench.add(at('b'));
        if (peer === id('c')) bench.manager.ban({ id: id('a') });
        return 1;
      },
    });
    bench.add(at('a')).accept('c').dial();
    expect(bench.known().sort()).toEqual(['a', 'b', 'c']);
    expect(bench.newDials()).toEqual(['b@host-b']);
  });
});

trackLeaks();
