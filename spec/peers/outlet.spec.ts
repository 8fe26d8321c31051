import { describe, expect, it, jest } from '@jest/globals';
import { take } from 'rxjs';
import { Outlet } from '../../lib/peers/outlet.ts';
import { trackLeaks } from '../support/leaks.ts';

describe('Outlet', () => {
  it('is open while it has a subscriber, and tells when one comes and goes', () => {
    const changed = jest.fn();
    const outlet = new Outlet<number>('values$', changed);
    expect(outlet.isOpen).toBe(false);

    const seen: number[] = [];
    const subscription = outlet.values$.subscribe((value) => seen.push(value));
    expect(outlet.isOpen).toBe(true);
    expect(changed).toHaveBeenCalledTimes(1);
    outlet.next(1);

    subscription.unsubscribe();
    expect(outlet.isOpen).toBe(false);
    expect(changed).toHaveBeenCalledTimes(2);
    outlet.next(2);
    expect(seen).toEqual([1]);
  });

  it('refuses a second subscriber, and serves the first on', () => {
    const outlet = new Outlet<number>('values$', () => undefined);
    const seen: number[] = [];
    const errors: unknown[] = [];
    outlet.values$.subscribe((value) => seen.push(value));
    outlet.values$.subscribe({ error: (error: unknown) => errors.push(error) });
    outlet.next(1);
    expect(errors).toEqual([new TypeError('values$ has a subscriber already')]);
    expect(seen).toEqual([1]);
  });

  it('is closed at once to one that took enough while it subscribed', () => {
    const outlet: Outlet<number> = new Outlet('values$', () => {
      for (let value = 1; outlet.isOpen; value += 1) outlet.next(value);
    });
    const seen: number[] = [];
    outlet.values$.pipe(take(2)).subscribe((value) => seen.push(value));
    expect(seen).toEqual([1, 2]);
    expect(outlet.isOpen).toBe(false);
  });

  it('completes its subscriber, and every later one', () => {
    const outlet = new Outlet<number>('values$', () => undefined);
    const complete = jest.fn();
    outlet.values$.subscribe({ complete });
    outlet.complete();
    outlet.values$.subscribe({ complete });
    expect(complete).toHaveBeenCalledTimes(2);
    expect(outlet.isOpen).toBe(false);
  });
});

trackLeaks();
