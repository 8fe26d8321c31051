import { setTimeout as later } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { config, of, Subject, take } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { block, dropOldest, fail, type LaneOptions } from '../../lib/flow/strategy.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { until } from '../support/until.ts';

describe('flowFrom', () => {
  it('does what its marble shows, and takes no value before it is requested', () => {
    const numbers = new Numbers(4);
    const { heard, demand } = consume(flowFrom(numbers));
    expect([numbers.open, numbers.calls]).toEqual([1, 0]);
    demand.request(2);
    expect(heard).toEqual([0, 1]);
    expect(numbers.calls).toBe(2);
    demand.request(1);
    expect(heard).toEqual([0, 1, 2]);
    demand.request(2);
    expect(heard).toEqual([0, 1, 2, 3, '|']);
    expect([numbers.open, numbers.calls]).toEqual([0, 5]);
  });

  it('stops iterating an endless iterable when its subscriber has enough', () => {
    const numbers = new Numbers(Infinity);
    const heard: number[] = [];
    flowFrom(numbers)
      .pipe(take(3))
      .subscribe((value) => heard.push(value));
    expect(heard).toEqual([0, 1, 2]);
    expect([numbers.open, numbers.calls]).toEqual([0, 3]);
  });

  it('calls `return` once when the consumer leaves, but not after completion or an error', () => {
    const log: string[] = [];
    const iterable = (end: () => IteratorResult<number>): Iterable<number> => ({
      [Symbol.iterator]: () => ({
        next: () => end(),
        return: () => {
          log.push('return');
          return { done: true, value: undefined };
        },
      }),
    });
    const failing = (): never => {
      throw new Error('no');
    };
    const done = consume(flowFrom(iterable(() => ({ done: true, value: undefined }))));
    const failed = consume(flowFrom(iterable(failing)));
    const left = consume(flowFrom(iterable(() => ({ done: false, value: 1 }))));
    for (const { demand } of [done, failed, left]) {
      demand.request(1);
      demand.unsubscribe();
      demand.unsubscribe();
    }
    expect([done.heard, failed.heard, left.heard]).toEqual([['|'], ['Error: no'], [1]]);
    expect(log).toEqual(['return']);
  });

  it.each([
    ['throws', () => ({ next: () => ({ done: false as const, value: 1 }), return: fails })],
    ['is missing', () => ({ next: () => ({ done: false as const, value: 1 }) })],
  ])('tolerates an iterator whose `return` %s', async (what, make) => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => reported.push(error);
    try {
      consume(flowFrom({ [Symbol.iterator]: make })).demand.unsubscribe();
      // RxJS reports it from a platform timer, which runs before a later timer with the same delay.
      await later(1);
    } finally {
      config.onUnhandledError = null;
    }
    expect(reported).toEqual(what === 'throws' ? [new Error('return')] : []);
  });

  it('returns a generator that makes its own consumer leave', () => {
    const log: string[] = [];
    function* leaving(): Generator<number> {
      try {
        yield 1;
        demand.unsubscribe();
        yield 2;
      } finally {
        log.push('left');
      }
    }
    const { heard, demand } = consume(flowFrom(leaving()));
    demand.request(5);
    expect([heard, log]).toEqual([[1], ['left']]);
  });

  it('errors if an async iterator returns something other than an object', async () => {
    const next = (): Promise<never> => Promise.resolve(undefined as never);
    const { heard, demand } = consume(flowFrom({ [Symbol.asyncIterator]: () => ({ next }) }));
    demand.request(1);
    await until(() => heard.length > 0);
    expect(heard).toEqual([
      "TypeError: the iterator's next() must return an object, got undefined",
    ]);
  });

  it('calls an async iterator again only once it has answered', async () => {
    const answers: ((result: IteratorResult<number>) => void)[] = [];
    const log: string[] = [];
    const { heard, demand } = consume(
      flowFrom<number>({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise((resolve) => answers.push(resolve)),
          return: () => {
            log.push('return');
            return Promise.resolve({ done: true, value: undefined });
          },
        }),
      }),
    );
    const answer = async (value: number): Promise<void> => {
      answers.shift()?.({ done: false, value });
      await Promise.resolve();
    };
    demand.request(2);
    expect(answers).toHaveLength(1);
    await answer(1);
    expect(answers).toHaveLength(1);
    await answer(2);
    expect([heard, answers.length]).toEqual([[1, 2], 0]);
    demand.request(1);
    demand.unsubscribe();
    expect(log).toEqual(['return']);
    await answer(3);
    expect(heard).toEqual([1, 2]);
  });

  it('rejects anything that is not iterable', () => {
    const must = 'flowFrom: values must be an iterable, an async iterable or an Observable';
    expect(() => flowFrom({} as Iterable<number>)).toThrow(new TypeError(`${must}, got an object`));
    expect(() => flowFrom(undefined as never)).toThrow(new TypeError(`${must}, got undefined`));
  });
});

describe('flowFrom(observable$, lane)', () => {
  it('queues what arrives too early, and the end after it', () => {
    const source = new Subject<string>();
    const { heard, demand } = consume(flowFrom(source, dropOldest(2)));
    for (const value of ['a', 'b', 'c']) source.next(value);
    source.complete();
    expect(heard).toEqual([]);
    demand.request(1);
    demand.request(5);
    expect(heard).toEqual(['b', 'c', '|']);
    expect(source.observed).toBe(false);
  });

  it('errors when a `fail` lane is full', () => {
    const source = new Subject<string>();
    const { heard } = consume(flowFrom(source, fail(1)));
    source.next('a');
    source.next('b');
    expect(heard).toEqual(['RXMESH_OVERFLOW']);
    expect(source.observed).toBe(false);
  });

  it('passes everything on to an ordinary subscriber', () => {
    const heard: number[] = [];
    flowFrom(of(1, 2, 3), dropOldest(1)).subscribe((value) => heard.push(value));
    expect(heard).toEqual([1, 2, 3]);
  });

  it.each([
    ['no lane', undefined, TypeError],
    ['a blocking lane', block(4), RangeError],
    ['a lane bounded by bytes', fail(4, { bytes: 8 }), RangeError],
    ['an invalid lane', { strategy: 'none', capacity: 1 }, TypeError],
  ])('rejects %s', (_, lane, kind) => {
    expect(() => flowFrom(of(1), lane as LaneOptions)).toThrow(kind);
  });
});

function fails(): never {
  throw new Error('return');
}

trackLeaks();
