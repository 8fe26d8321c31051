import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Timer, Timers } from '../../lib/testing/timers.ts';
import { collectGarbage } from '../support/garbage.ts';

const nothing = (): void => undefined;

const timer = (dueAtMs: number, order: number): Timer =>
  new Timer(nothing, dueAtMs, order, nothing);

describe('Timers', () => {
  it('returns timers by due time, and those due together in insertion order', () => {
    const timers = new Timers();
    for (const each of [timer(5, 0), timer(3, 1), timer(5, 2), timer(3, 3)]) timers.add(each);
    const taken = Array.from({ length: 4 }, () => timers.takeFirst()?.order);
    expect(taken).toEqual([1, 3, 0, 2]);
    expect([timers.first, timers.takeFirst(), timers.size]).toEqual([undefined, undefined, 0]);
  });

  it('matches a sorted list for any sequence of adding, taking and cancelling', () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ cancel: fc.nat(50) }),
      fc.constant('take' as const),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const timers = new Timers();
        let model: Timer[] = [];
        let order = 0;
        for (const each of steps) {
          if (each === 'take') {
            expect(timers.takeFirst()).toBe(model.shift());
          } else if ('add' in each) {
            order += 1;
            const added = new Timer(nothing, each.add, order, () => timers.cancelled());
            timers.add(added);
            model.push(added);
            model.sort((one, other) => one.dueAtMs - other.dueAtMs || one.order - other.order);
          } else {
            const cancelled = model[each.cancel];
            if (cancelled === undefined) continue;
            cancelled.unsubscribe();
            cancelled.unsubscribe();
            model = model.filter((other) => other !== cancelled);
          }
          expect(timers.size).toBe(model.length);
          expect(timers.first).toBe(model[0]);
        }
        expect(new Set(timers.values())).toEqual(new Set(model));
      }),
      { numRuns: 200 },
    );
  });
});

describe('cancelled timers', () => {
  it('are released before they are due', async () => {
    const timers = new Timers();
    timers.add(timer(1_000_000, 0));
    const works = Array.from({ length: 100 }, (_, order) => {
      const work = (): number => order;
      const cancelled = new Timer(work, 1_000, order + 1, () => timers.cancelled());
      timers.add(cancelled);
      cancelled.unsubscribe();
      return new WeakRef(work);
    });
    await collectGarbage();
    expect(works.filter((work) => work.deref() !== undefined).length).toBeLessThan(5);
    expect(timers.size).toBe(1);
  });
});

describe('a timer', () => {
  it('does its work once, and not after it was cancelled', () => {
    const log: string[] = [];
    const done = new Timer(
      () => log.push('done'),
      1,
      1,
      () => log.push('cancelled'),
    );
    done.run();
    done.run();
    done.unsubscribe();
    const cancelled = new Timer(
      () => log.push('never'),
      1,
      2,
      () => log.push('cancelled'),
    );
    cancelled.unsubscribe();
    cancelled.run();
    expect(log).toEqual(['done', 'cancelled']);
    expect([done.isOver, cancelled.isOver]).toEqual([true, true]);
  });

  it('releases what its work refers to once it has begun', async () => {
    const held = ((): { readonly timer: Timer; readonly target: WeakRef<object> } => {
      const target = {};
      const held = new Timer(() => void Object.keys(target), 1, 1, nothing);
      return { timer: held, target: new WeakRef(target) };
    })();
    held.timer.run();
    await collectGarbage();
    expect(held.target.deref()).toBeUndefined();
  });
});
