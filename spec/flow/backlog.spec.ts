import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LatestByKey } from '../../lib/flow/backlog.ts';

/** What waits, in order, with a list of entries for it. */
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

describe('LatestByKey', () => {
  it('keeps the newest value of each key, in the order of the keys, as a plain list does', () => {
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
