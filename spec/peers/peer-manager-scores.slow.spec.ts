import { describe, expect, it } from '@jest/globals';
import { at, Bench } from './fixture.ts';
import { blame, praise, scores } from './scoring.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('PeerManager: scores', () => {
  it('B-07, B-08 stay within 16 bits, below those of persistent peers', () => {
    const bench = new Bench({ persistent: [at('c')], banMs: 0, scoreHalfLifeMs: 0 }).add(at('a'));
    bench.add(at('b'));
    blame(bench, 'a', 'ban', 400);
    praise(bench, 'b', 40_000);
    expect(scores(bench)).toEqual(['c 32767', 'b 32766', 'a -32767']);
  });
});

trackLeaks();
