import { describe, expect, it } from '@jest/globals';
import { pickAddresses } from '../../lib/peers/advertising.ts';
import type { PeerManagerOptions } from '../../lib/peers/peer-manager-options.ts';
import { seededRandom } from '../../lib/testing/seeded-random.ts';
import { at, Bench, id } from './fixture.ts';
import { trackLeaks } from '../support/leaks.ts';

/** Peers a, b and c, best first, with two addresses each. */
function withThree(options: Partial<PeerManagerOptions> = {}): Bench {
  const rank = ({ id: peer }: { readonly id: string }): number => -parseInt(peer.slice(0, 1), 16);
  const bench = new Bench({ rank, ...options });
  for (const digit of ['c', 'a', 'b']) bench.add(at(digit), at(digit, 'x'));
  return bench;
}

const told = (bench: Bench, to: string, limit: number): string[] =>
  bench.manager.advertised(id(to), limit).map(({ id: peer, host }) => `${peer[0]}@${host}`);

describe('PeerManager: advertised', () => {
  it('PM-66 tells a stranger everything known', () => {
    expect(told(withThree(), 'd', 100)).toEqual([
      ...['a@host-a', 'a@x', 'b@host-b', 'b@x'],
      ...['c@host-c', 'c@x'],
    ]);
  });

  it('PM-67 tells no peer its own addresses', () => {
    expect(told(withThree(), 'a', 100)).toEqual(['b@host-b', 'b@x', 'c@host-c', 'c@x']);
  });

  it('PM-68 tells nothing with a limit of 0', () => {
    expect(told(withThree(), 'd', 0)).toEqual([]);
    expect(() => withThree().manager.advertised(id('d'), -1)).toThrow(RangeError);
  });

  it('PM-69 tells the addresses of the best peer first', () => {
    expect(told(withThree(), 'd', 2)).toEqual(['a@host-a', 'a@x']);
    expect(told(withThree(), 'd', 3)).toEqual(['a@host-a', 'a@x', 'b@host-b']);
  });

  it('B-36 never includes a private or a banned peer', () => {
    const bench = withThree({ private: [id('a')] });
    bench.manager.ban({ id: id('b') });
    expect(told(bench, 'd', 100)).toEqual(['c@host-c', 'c@x']);
  });
});

describe('pickAddresses', () => {
  it('PM-69, B-36 starts with the best in 90 % of the picks, and otherwise with any peer', () => {
    const random = seededRandom(1);
    const peers = ['1', '2', '3', '4', '5'].map((digit) => [at(digit)]);
    const firsts = new Map<string, number>();
    for (let n = 0; n < 10_000; n += 1) {
      const [first] = pickAddresses(peers, (each) => each, 1, random);
      const digit = first?.id.slice(0, 1) ?? '';
      firsts.set(digit, (firsts.get(digit) ?? 0) + 1);
    }
    expect((firsts.get('1') ?? 0) / 10_000).toBeCloseTo(0.92, 1);
    for (const digit of ['2', '3', '4', '5']) {
      expect((firsts.get(digit) ?? 0) / 10_000).toBeCloseTo(0.02, 1);
      expect(firsts.get(digit)).toBeGreaterThan(100);
    }
  });

  it('picks each peer once', () => {
    const random = seededRandom(2);
    const peers = ['1', '2', '3', '4', '5'].map((digit) => [at(digit), at(digit, 'x')]);
    const picked = pickAddresses(peers, (each) => each, 100, random).map(
      ({ id: peer, host }) => `${peer} ${host}`,
    );
    expect(new Set(picked).size).toBe(10);
  });
});

trackLeaks();
