import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Chain, type Link } from '../../lib/flow/chain.ts';

interface Item extends Link<Item> {
  readonly name: string;
}

const itemOf = (name: string): Item => ({ name, before: undefined, after: undefined });

function namesOf({ first }: Chain<Item>): string[] {
  const names: string[] = [];
  for (let item = first; item !== undefined; item = item.after) names.push(item.name);
  return names;
}

describe('Chain', () => {
  it('keeps the order of its items', () => {
    const chain = new Chain<Item>();
    expect(namesOf(chain)).toEqual([]);
    ['a', 'b', 'c'].forEach((name) => chain.append(itemOf(name)));
    expect(namesOf(chain)).toEqual(['a', 'b', 'c']);
  });

  it.each([
    ['the first', 0, ['b', 'c', 'd']],
    ['one in the middle', 1, ['a', 'c', 'd']],
    ['the last', 2, ['a', 'b', 'd']],
  ])('continues when %s leaves', (_, index, left) => {
    const chain = new Chain<Item>();
    const items = ['a', 'b', 'c'].map(itemOf);
    items.forEach((item) => chain.append(item));
    chain.remove(items[index] ?? itemOf('none'));
    chain.append(itemOf('d'));
    expect(namesOf(chain)).toEqual(left);
  });

  it('matches an array for any order of joining and leaving', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(5)), { maxLength: 60 }), (steps) => {
        const chain = new Chain<Item>();
        const model: Item[] = [];
        steps.forEach((leaving, i) => {
          const [item] = leaving === null ? [] : model.splice(leaving, 1);
          if (item === undefined) {
            const added = itemOf(String(i));
            model.push(added);
            chain.append(added);
          } else {
            chain.remove(item);
            // It may join again.
            if (i % 3 === 0) {
              model.push(item);
              chain.append(item);
            }
          }
          expect(namesOf(chain)).toEqual(model.map(({ name }) => name));
        });
      }),
    );
  });
});
