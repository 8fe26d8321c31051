import { describe, expect, it } from '@jest/globals';
import { Unsaved } from '../../../lib/peers/store/unsaved.ts';

describe('Unsaved', () => {
  it('takes each key once, in the order of their first change', () => {
    let changes = 0;
    const unsaved = new Unsaved(() => (changes += 1));
    for (const key of ['b', 'a', 'b', 'c']) unsaved.changed(key);
    expect([unsaved.take(2), unsaved.take(2), unsaved.take(2)]).toEqual([['b', 'a'], ['c'], []]);
    expect(changes).toBe(4);
  });

  it('deletes only what has a record', () => {
    const unsaved = new Unsaved(() => undefined);
    unsaved.changed('a');
    unsaved.gone('a');
    unsaved.gone('b');
    expect(unsaved.size).toBe(0);
    unsaved.setStored('a', true);
    unsaved.gone('a');
    expect(unsaved.take(9)).toEqual(['a']);
    unsaved.setStored('a', false);
    unsaved.gone('a');
    expect(unsaved.size).toBe(0);
  });

  it('has nothing to write of a record that was just read', () => {
    const unsaved = new Unsaved(() => undefined);
    unsaved.changed('a');
    unsaved.agrees('a');
    expect(unsaved.size).toBe(0);
  });
});
