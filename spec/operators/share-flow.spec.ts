import { describe, expect, it } from '@jest/globals';
import { map, NEVER, Subject, take } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { noDemand } from '../../lib/flow/demand.ts';
import { dropOldest } from '../../lib/flow/strategy.ts';
import { VirtualClock } from '../../lib/testing/virtual-clock.ts';
import { onBackpressure } from '../../operators/on-backpressure.ts';
import { shareFlow } from '../../operators/share-flow.ts';
import { askedFlow } from '../support/asked-flow.ts';
import { consume } from '../support/consume.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';
import { marbles } from '../support/marbles.ts';

describe('shareFlow', () => {
  it('does what its marble shows', () => {
    marbles(({ hot, expectObservable }) => {
      const aRequests = hot('2-----1--------');
      const bRequests = hot('--1------1-----');
      const result = '       --a------b-----';
      const a = new Subject<string>();
      const b = new Subject<string>();
      expectObservable(a).toBe(result);
      expectObservable(b).toBe(result);
      const flow = flowFrom('abc').pipe(
        shareFlow(),
        map((value) => value),
      );
      const [aDemand, bDemand] = [flow.consume(a), flow.consume(b)];
      aRequests.subscribe((count) => aDemand.request(Number(count)));
      bRequests.subscribe((count) => bDemand.request(Number(count)));
    });
  });

  it.each([
    ['a source that never emits', ' -    ', '^    ', '-    '],
    ['an empty source', '           --|  ', '^-!  ', '--|  '],
    ['one value', '                 -a-| ', '^--! ', '-a-| '],
    ['many values', '               -ab-c', '^    ', '-ab-c'],
    ['an error', '                  -a-# ', '^--! ', '-a-# '],
  ])('shares one subscription among all subscribers: %s', (_, sourceMarbles, log, result) => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot(sourceMarbles.trim());
      const shared = onBackpressure<string>(dropOldest(1))(source).pipe(shareFlow());
      expectObservable(shared).toBe(result.trim());
      expectObservable(shared).toBe(result.trim());
      expectSubscriptions(source.subscriptions).toBe(log.trim());
    });
  });

  it('is subscribed to its source while it has subscribers, and again for the next one', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -a-b-c-d-e-f-');
      const a = '             ^---!        ';
      const b = '             --^---!      ';
      const c = '             --------^-!  ';
      const subscriptions = ['^-----!      ', '--------^-!'];
      const aResult = '       -a-b---------';
      const bResult = '       ---b-c-------';
      const cResult = '       ---------e---';
      const shared = onBackpressure<string>(dropOldest(1))(source).pipe(shareFlow());
      expectObservable(shared, a).toBe(aResult);
      expectObservable(shared, b).toBe(bResult);
      expectObservable(shared, c).toBe(cResult);
      expectSubscriptions(source.subscriptions).toBe(subscriptions);
    });
  });

  it('requests one value at a time, when all consumers want one', () => {
    const source = askedFlow();
    const shared = source.flow.pipe(shareFlow());
    const [a, b] = [consume(shared), consume(shared)];
    a.demand.request(9);
    expect([source.consumed(), source.requests]).toEqual([1, []]);
    b.demand.request(2);
    expect(source.requests).toEqual([1]);
    source.emit(1);
    expect([a.heard, b.heard, source.requests]).toEqual([[1], [1], [1, 1]]);
    source.emit(2);
    expect([a.heard, b.heard, source.requests]).toEqual([
      [1, 2],
      [1, 2],
      [1, 1],
    ]);
    b.demand.unsubscribe();
    expect([source.requests, source.isLeft()]).toEqual([[1, 1, 1], false]);
    a.demand.unsubscribe();
    expect(source.isLeft()).toBe(true);
  });

  it('gives a consumer every value after it joins, including one already requested', () => {
    const source = askedFlow();
    const shared = source.flow.pipe(shareFlow());
    const a = consume(shared);
    a.demand.request(9);
    const b = consume(shared);
    source.emit(1);
    expect([a.heard, b.heard, source.requests]).toEqual([[], [], [1]]);
    b.demand.request(1);
    expect([a.heard, b.heard, source.requests]).toEqual([[1], [1], [1]]);
    b.demand.request(1);
    source.emit(2);
    source.complete();
    expect([a.heard, b.heard]).toEqual([
      [1, 2, '|'],
      [1, 2, '|'],
    ]);
  });

  it.each(['completes', 'fails', 'is left'])(
    'delivers the waiting value when the consumer it waits for leaves, and the source %s',
    (what) => {
      const source = askedFlow();
      const shared = source.flow.pipe(shareFlow());
      const a = consume(shared);
      a.demand.request(9);
      const b = consume(shared);
      source.emit(1);
      if (what === 'completes') source.complete();
      if (what === 'fails') source.error('broken');
      expect(a.heard).toEqual([]);
      b.demand.unsubscribe();
      const ends = { completes: [1, '|'], fails: [1, 'broken'], 'is left': [1] };
      expect(a.heard).toEqual(ends[what as keyof typeof ends]);
      a.demand.unsubscribe();
      expect(b.heard).toEqual([]);
    },
  );

  it('discards the waiting value when the last consumer leaves', () => {
    const source = askedFlow();
    const shared = source.flow.pipe(shareFlow());
    const a = consume(shared);
    a.demand.request(1);
    const b = consume(shared);
    source.emit(1);
    a.demand.unsubscribe();
    b.demand.unsubscribe();
    expect(source.isLeft()).toBe(true);
    const c = consume(shared);
    c.demand.request(1);
    expect([c.heard, source.consumed()]).toEqual([[], 2]);
    source.emit(2);
    expect(c.heard).toEqual([2]);
    c.demand.unsubscribe();
  });

  it.each(['complete', 'error'] as const)('consumes its source again after its end: %s', (end) => {
    const source = askedFlow();
    const shared = source.flow.pipe(shareFlow());
    const a = consume(shared);
    source[end]('broken');
    const b = consume(shared);
    b.demand.request(1);
    source.emit(7);
    expect([a.heard, b.heard]).toEqual([[end === 'error' ? 'broken' : '|'], [7]]);
    expect(source.consumed()).toBe(2);
    b.demand.unsubscribe();
  });

  it('consumes it again for a consumer that joins while the end is delivered or waiting', () => {
    const source = askedFlow();
    const shared = source.flow.pipe(shareFlow());
    let late: ReturnType<typeof consume> | undefined;
    shared.consume({ ...ignoring, complete: () => (late = consume(shared)) });
    source.complete();
    expect([late?.heard, source.consumed()]).toEqual([[], 2]);
    late?.demand.unsubscribe();
    const a = consume(shared);
    a.demand.request(1);
    const b = consume(shared);
    source.emit(1);
    source.complete();
    const c = consume(shared);
    expect([source.consumed(), a.heard]).toEqual([4, []]);
    for (const { demand } of [a, b, c]) demand.unsubscribe();
    expect(source.isLeft()).toBe(true);
  });

  it('ends with a source that ends as it is consumed', () => {
    const empty = new Flow<number>((sink) => {
      sink.complete();
      return noDemand;
    });
    const shared = empty.pipe(shareFlow());
    expect([consume(shared).heard, consume(shared).heard]).toEqual([['|'], ['|']]);
    const failing = new Flow<number>(() => {
      throw new Error('no source');
    }).pipe(shareFlow());
    expect(consume(failing).heard).toEqual(['Error: no source']);
  });

  it('starts a consumer that joins within `next` with the next value', () => {
    const numbers = new Numbers(4);
    const shared = flowFrom(numbers).pipe(shareFlow());
    let late: ReturnType<typeof consume> | undefined;
    const first = consume(shared, (value) => {
      if (value !== 1) return;
      late = consume(shared);
      late.demand.request(Infinity);
    });
    first.demand.request(Infinity);
    expect([first.heard, late?.heard]).toEqual([
      [0, 1, 2, 3, '|'],
      [2, 3, '|'],
    ]);
    expect([numbers.calls, numbers.open]).toEqual([5, 0]);
  });

  it('continues when one consumer leaves within `next`, and stops with the last one', () => {
    const numbers = new Numbers(Infinity);
    const shared = flowFrom(numbers).pipe(shareFlow());
    const heard: number[] = [];
    const leaver = consume(shared, () => {
      leaver.demand.unsubscribe();
    });
    const other = consume(shared);
    shared.pipe(take(2)).subscribe((value) => heard.push(value));
    leaver.demand.request(5);
    other.demand.request(3);
    expect([leaver.heard, heard, other.heard, numbers.calls]).toEqual([[0], [0, 1], [0, 1, 2], 3]);
    other.demand.unsubscribe();
    expect(numbers.open).toBe(0);
  });

  it('passes on the clock of its source', () => {
    const clock = new VirtualClock();
    expect(new Flow<number>(() => noDemand, undefined, { clock }).pipe(shareFlow()).clock).toBe(
      clock,
    );
  });

  it.each([
    ['an Observable', NEVER, 'got an Observable'],
    ['a Subject', new Subject(), 'got a Subject'],
    ['a Promise', Promise.resolve(1), 'got a Promise (missing `await`?)'],
  ])('works on flows only, and tells %s how to make one', (_, source, got) => {
    const share = (): unknown => shareFlow()(source as never);
    expect(share).toThrow(TypeError);
    const text = `shareFlow: source must be a flow, ${got}`;
    expect(share).toThrow(new TypeError(`${text}; onBackpressure or flowFrom makes one of it`));
  });
});

const ignoring = { next: () => undefined, error: () => undefined };

trackLeaks();
