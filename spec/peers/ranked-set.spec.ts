import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RankedSet } from '../../lib/peers/ranked-set.ts';
import { trackLeaks } from '../support/leaks.ts';

interface Item {
  readonly name: number;
  key: number;
}

const byKey = (a: Item, b: Item): number => a.key - b.key || a.name - b.name;

describe('RankedSet', () => {
  it('has the first item in front, like a list that is sorted each time', () => {
    const step = fc.record({
      nth: fc.nat(11),
      key: fc.nat(20),
      does: fc.constantFrom('put', 'put', 'put', 'delete', 'take out'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const items = Array.from({ length: 12 }, (_, name): Item => ({ name, key: 0 }));
        const set = new RankedSet(byKey);
        const model = new Set<Item>();
        for (const { nth, key, does } of steps) {
          const item = items[nth];
          if (item === undefined) throw new Error('none');
          if (does === 'put') {
            item.key = key;
            set.set(item, true);
            model.add(item);
          } else if (does === 'delete') {
            expect(set.delete(item)).toBe(model.delete(item));
          } else {
            set.set(item, false);
            model.delete(item);
          }
          expect(set.size).toBe(model.size);
          expect(set.first).toBe([...model].sort(byKey)[0]);
        }
      }),
    );
  });

  it('looks at a number of items that grows with the logarithm of their count', () => {
    const cost = (count: number): number => {
      let compared = 0;
      const set = new RankedSet<Item>((a, b) => {
        compared += 1;
        return byKey(a, b);
      });
      const items = Array.from({ length: count }, (_, name): Item => ({ name, key: name }));
      for (const item of items) set.set(item, true);
      compared = 0;
      for (const item of items.slice(0, 100)) {
        item.key += count;
        set.set(item, true);
      }
      return compared / 100;
    };
    expect(cost(100_000) / cost(100)).toBeLessThan(4);
  });
});

trackLeaks();
