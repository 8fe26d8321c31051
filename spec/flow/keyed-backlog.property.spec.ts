import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyedBacklog } from '../../lib/flow/keyed-backlog.ts';
import { dropNewest, dropOldest, fail, type LaneOptions, latest } from '../../lib/flow/strategy.ts';
import { runs } from '../support/runs.ts';

/** A backlog of strings keyed by their first letter, and what it dropped. */
function stage(lane: LaneOptions) {
  const dropped: string[] = [];
  const keyOf = (value: string): string | undefined => value[0];
  const backlog = new KeyedBacklog<string>(lane, keyOf, (value) => dropped.push(value));
  const ends: (() => void)[] = [];
  /** Takes everything available. */
  const takeAll = (): string[] => {
    const taken: string[] = [];
    while (backlog.isReady) {
      taken.push(String(backlog.take()));
      ends.push(backlog.turn(() => undefined));
    }
    return taken;
  };
  return { backlog, dropped, ends, takeAll, put: (value: string) => backlog.put(value) };
}

describe('KeyedBacklog', () => {
  it('gives one value per key, and the next when its turn has ended', () => {
    const { backlog, ends, put, takeAll } = stage(fail(8));
    expect(['a1', 'a2', 'b1', 'a3'].map(put)).toEqual([true, true, true, true]);
    expect([takeAll(), backlog.size, backlog.take()]).toEqual([['a1', 'b1'], 2, undefined]);
    ends[0]?.();
    expect([takeAll(), backlog.size]).toEqual([['a2'], 1]);
    ends[1]?.();
    expect([takeAll(), backlog.size]).toEqual([[], 1]);
    put('b2');
    ends[2]?.();
    expect([takeAll(), backlog.size]).toEqual([['b2', 'a3'], 0]);
  });

  it('alternates between free keys, whichever has more values waiting', () => {
    const { backlog, put } = stage(fail(8));
    ['a1', 'a2', 'a3', 'b1', 'b2'].forEach(put);
    const taken: unknown[] = [];
    while (backlog.size > 0) {
      taken.push(backlog.take());
      backlog.turn(() => undefined)();
    }
    expect(taken).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('calls what follows a turn once the key is free', () => {
    const { backlog, put } = stage(fail(8));
    ['a1', 'a2'].forEach(put);
    backlog.take();
    const ready: boolean[] = [backlog.isReady];
    backlog.turn(() => ready.push(backlog.isReady))();
    expect(ready).toEqual([false, true]);
  });

  it.each([
    ['fail', fail(2), ['a1', 'a2'], [], [true, true, false]],
    ['dropNewest', dropNewest(2), ['a1', 'a2'], ['b1'], [true, true, true]],
    ['dropOldest', dropOldest(2), ['a2', 'b1'], ['a1'], [true, true, true]],
    ['latest', latest(), ['b1'], ['a1', 'a2'], [true, true, true]],
  ])('%s bounds the values of all keys together', (_, lane, left, lost, taken) => {
    const { backlog, dropped, put } = stage(lane);
    expect(['a1', 'a2', 'b1'].map(put)).toEqual(taken);
    expect([dropped, backlog.size]).toEqual([lost, left.length]);
    const found: unknown[] = [];
    while (backlog.size > 0) {
      found.push(backlog.take());
      backlog.turn(() => undefined)();
    }
    expect(found.sort()).toEqual(left);
  });

  it('removes a free key from the queue when its only value is dropped', () => {
    const { backlog, dropped, put, takeAll } = stage(dropOldest(1));
    ['a1', 'b1', 'a2'].forEach(put);
    expect([dropped, backlog.isReady, takeAll(), backlog.isReady]).toEqual([
      ['a1', 'b1'],
      true,
      ['a2'],
      false,
    ]);
  });

  it('accepts undefined as a key and as a value', () => {
    const backlog = new KeyedBacklog<unknown>(
      fail(4),
      (value) => value,
      () => undefined,
    );
    [undefined, NaN, undefined, NaN].forEach((value) => backlog.put(value));
    expect([backlog.take(), backlog.take(), backlog.isReady, backlog.size]).toEqual([
      undefined,
      NaN,
      false,
      2,
    ]);
  });

  it('runs one value of a key at a time, in order, whatever arrives and ends when', () => {
    const steps = fc.array(
      fc.oneof(
        fc.constantFrom('a', 'b', 'c', 'd'),
        fc.constantFrom<'take' | 'end'>('take', 'end'),
        fc.constant<'end'>('end'),
      ),
      { maxLength: 200 },
    );
    const lanes = fc.constantFrom(dropOldest(3), dropNewest(3), latest(), fail(3), fail(500));
    fc.assert(
      fc.property(steps, lanes, (given, lane) => {
        const dropped: string[] = [];
        const keyOf = (value: string): string | undefined => value[0];
        const backlog = new KeyedBacklog<string>(lane, keyOf, (value) => dropped.push(value));
        const running: { value: string; end: () => void }[] = [];
        const taken: string[] = [];
        const refused: string[] = [];
        let count = 0;
        const takeOne = (): void => {
          const busy = running.map(({ value }) => value[0]);
          const value = String(backlog.take());
          expect(busy).not.toContain(value[0]);
          taken.push(value);
          running.push({ value, end: backlog.turn(() => undefined) });
        };
        for (const step of given) {
          if (step === 'end') running.shift()?.end();
          else if (step !== 'take') {
            const value = `${step}${String(count++).padStart(3, '0')}`;
            if (!backlog.put(value)) refused.push(value);
          } else if (backlog.isReady) takeOne();
          expect(backlog.size).toBe(count - taken.length - dropped.length - refused.length);
          expect(backlog.size).toBeLessThanOrEqual(lane.capacity);
        }
        while (running.length > 0 || backlog.isReady) {
          while (backlog.isReady) takeOne();
          running.shift()?.end();
        }
        expect(backlog.size).toBe(0);
        for (const key of 'abcd') {
          const own = taken.filter((value) => value.startsWith(key));
          expect(own).toEqual([...own].sort());
        }
        expect(new Set([...taken, ...dropped, ...refused]).size).toBe(count);
      }),
      { numRuns: runs(100) },
    );
  });
});
