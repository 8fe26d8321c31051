import { describe, expect, it } from '@jest/globals';
import { Observable, Subject, Subscription } from 'rxjs';
import { subscribeWithin } from '../../lib/flow/subscribe-within.ts';
import { marbles } from '../support/marbles.ts';

function noted(): {
  readonly heard: unknown[];
  readonly observer: Parameters<typeof subscribeWithin>[2];
} {
  const heard: unknown[] = [];
  const observer = {
    next: (value: unknown) => heard.push(value),
    error: (error: unknown) => heard.push(`error ${String(error)}`),
    complete: () => heard.push('complete'),
  };
  return { heard, observer };
}

describe('subscribeWithin', () => {
  it('receives values until the outer subscription ends', () => {
    marbles(({ hot, flush, expectSubscriptions }) => {
      const source = hot('    -a-b-c-|');
      const subscription = '  ^----!  ';
      const outer = new Subscription();
      const { heard, observer } = noted();
      subscribeWithin(outer, source, observer);
      hot('-----x').subscribe(() => outer.unsubscribe());
      expectSubscriptions(source.subscriptions).toBe(subscription);
      flush();
      expect(heard).toEqual(['a', 'b', 'c']);
    });
  });

  it('stops an endless synchronous source during subscription', () => {
    const outer = new Subscription();
    let made = 0;
    const endless = new Observable<number>((subscriber) => {
      while (!subscriber.closed) subscriber.next((made += 1));
    });
    subscribeWithin(outer, endless, {
      next: (value) => {
        if (value === 3) outer.unsubscribe();
      },
      error: () => undefined,
      complete: () => undefined,
    });
    expect(made).toBe(3);
  });

  it('subscribes to nothing once the outer subscription has ended', () => {
    const outer = new Subscription();
    outer.unsubscribe();
    const { heard, observer } = noted();
    const source = new Subject<string>();
    subscribeWithin(outer, source, observer);
    source.next('a');
    expect(heard).toEqual([]);
    expect(source.observed).toBe(false);
  });

  it('passes on the end of the source, and an error that it throws', () => {
    const { heard, observer } = noted();
    const outer = new Subscription();
    const source = new Subject<string>();
    subscribeWithin(outer, source, observer);
    source.complete();
    subscribeWithin(
      outer,
      new Observable(() => {
        throw new RangeError('no');
      }),
      observer,
    );
    expect(heard).toEqual(['complete', 'error RangeError: no']);
    expect(outer.closed).toBe(false);
  });
});
