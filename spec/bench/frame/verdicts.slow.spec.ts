import { describe, expect, it } from '@jest/globals';
import { verdictOn, type Target } from '../../../bench/frame/verdicts.ts';
import { outcome } from './outcomes.ts';

const own = { case: '1 <B>', contestant: 'rxmesh', quantity: 'CPU' };
const target: Target = {
  what: 'CPU',
  measure: 'carrying',
  figure: own,
  sense: 'at most',
  bound: 2,
  unit: 'µs',
};

describe('verdictOn', () => {
  it('takes the figure as it is, if it is divided by nothing', () => {
    expect(verdictOn(target, [outcome])).toMatchObject({ rounds: [1, 3, 2], isMet: true });
    expect(verdictOn({ ...target, bound: 1.9 }, [outcome]).isMet).toBe(false);
  });

  it('divides round by round', () => {
    const over = { ...own, contestant: 'other' };
    expect(verdictOn({ ...target, over }, [outcome]).rounds).toEqual([0.25, 0.75, 0.5]);
  });

  it('has the same of the bare parts', () => {
    const other = { ...own, contestant: 'other' };
    const third = { ...own, contestant: 'third', rounds: [8, 8, 2] };
    const three = { ...outcome, series: [...outcome.series, third] };
    expect(verdictOn({ ...target, bare: 'third', over: other }, [three]).bareRounds).toEqual([
      2, 2, 0.5,
    ]);
    const bare = 'other';
    expect(verdictOn({ ...target, bare }, [outcome]).bareRounds).toEqual([4, 4, 4]);
    expect(verdictOn({ ...target, bare, over: other }, [outcome]).bareRounds).toEqual([1, 1, 1]);
    const over = { ...own, quantity: 'messages/s' };
    expect(verdictOn({ ...target, bare, over }, [outcome]).bareRounds).toEqual([0.04, 0.04, 0.08]);
    expect(verdictOn({ ...target, bare: 'none' }, [outcome])).toMatchObject({
      rounds: [1, 3, 2],
      bareRounds: undefined,
    });
    expect(verdictOn(target, [outcome])).not.toHaveProperty('bareRounds');
  });

  it('holds another bound against it if there is one', () => {
    expect(verdictOn(target, [outcome], 1)).toMatchObject({ bound: 1, isMet: false });
  });

  it.each([
    { missing: 'the measure', what: { measure: 'none' } },
    { missing: 'the figure', what: { figure: { ...own, case: 'none' } } },
    { missing: 'what it is divided by', what: { over: { ...own, contestant: 'none' } } },
  ])('does not hold without $missing', ({ what }) => {
    const verdict = verdictOn({ ...target, ...what }, [outcome]);
    expect(verdict).toMatchObject({ rounds: undefined, isMet: false });
  });
});
