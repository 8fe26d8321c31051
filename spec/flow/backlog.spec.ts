import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LaneBacklog, LatestByKey } from '../../lib/flow/backlog.ts';
import { block, dropNewest, dropOldest, fail, latest } from '../../lib/flow/strategy.ts';

/** The waiting values in order, as a list of entries. */
class Model {
  readonly entries: [key: number, value: string][] = [];
  readonly dropped: string[] = [];
  readonly #keysMax: number;

  constructor(keysMax: number) {
    this.#keysMax = keysMax;
  }

  put(key: number, value: string): void {
    const known = this.entries.find((entry) => entry[0] === key);
    if (known !== undefined) {
      this.dropped.push(known[1]);
      known[1] = value;
      return;
    }
    if (this.entries.length === this.#keysMax) this.dropped.push(this.entries.shift()?.[1] ?? '');
    this.entries.push([key, value]);
  }
}

describe('LaneBacklog', () => {
  it.each([
    ['dropOldest', dropOldest(2), [3, 4], [1, 2], true],
    ['dropNewest', dropNewest(2), [1, 2], [3, 4], true],
    ['latest', latest(), [4], [1, 2, 3], true],
    ['fail', fail(2), [1, 2], [], false],
    ['block', block(2), [1, 2], [], false],
  ])(
    '%s: what is kept, what is dropped, and whether the last value had a place',
    (_, lane, kept, gone, has) => {
      const dropped: number[] = [];
      const backlog = new LaneBacklog<number>(lane, (value) => dropped.push(value));
      const hadPlace = [1, 2, 3, 4].map((value) => backlog.put(value));
      expect([hadPlace.at(-1), backlog.size, dropped]).toEqual([has, kept.length, gone]);
      expect(kept.map(() => backlog.take())).toEqual(kept);
      expect([backlog.size, backlog.take()]).toEqual([0, undefined]);
    },
  );

  it('reports a drop after it has happened, even if the callback puts a value or throws', () => {
    const dropped: number[] = [];
    const backlog = new LaneBacklog<number>(dropOldest(2), (value) => {
      dropped.push(value);
      if (value === 1) backlog.put(4);
      else throw new Error('no drops');
    });
    for (const value of [1, 2]) backlog.put(value);
    expect(() => backlog.put(3)).toThrow('no drops');
    expect([dropped, backlog.take(), backlog.take()]).toEqual([[1, 2], 3, 4]);
  });

  it('clears waiting values without reporting them', () => {
    const dropped: number[] = [];
    const backlog = new LaneBacklog<number>(dropNewest(2), (value) => dropped.push(value));
    for (const value of [1, 2]) backlog.put(value);
    backlog.clear();
    expect([backlog.size, backlog.take(), dropped]).toEqual([0, undefined, []]);
    expect(backlog.put(3)).toBe(true);
    expect(backlog.take()).toBe(3);
  });
});

describe('LatestByKey', () => {
  it('keeps the newest value of each key, in key order, like a plain list', () => {
    const steps = fc.array(fc.oneof(fc.nat(6), fc.constant('take' as const)), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (steps, keysMax) => {
        const model = new Model(keysMax);
        const dropped: string[] = [];
        const keyOf = (value: string): string => value.split(' ')[0] ?? '';
        const backlog = new LatestByKey(keyOf, keysMax, (value) => dropped.push(value));
        steps.forEach((step, i) => {
          if (step === 'take') {
            expect(backlog.take()).toBe(model.entries.shift()?.[1]);
          } else {
            expect(backlog.put(`${step} ${i}`)).toBe(true);
            model.put(step, `${step} ${i}`);
          }
          expect(backlog.size).toBe(model.entries.length);
        });
        expect(dropped).toEqual(model.dropped);
      }),
    );
  });
});
