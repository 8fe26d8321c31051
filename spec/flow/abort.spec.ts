import { describe, expect, it } from '@jest/globals';
import { concat, EMPTY, NEVER, of, Subject, throwError } from 'rxjs';
import { aborted, aSignal, promised } from '../../lib/flow/abort.ts';
import { counted } from '../support/leaks.ts';

const reason = new Error('enough');

describe('promised', () => {
  it('resolves with the first value and unsubscribes', async () => {
    const source = counted(concat(of(1, 2), NEVER));
    await expect(promised(source)).resolves.toBe(1);
    expect(source.live).toBe(0);
  });

  it('rejects with the error of the source', async () => {
    await expect(promised(throwError(() => reason))).rejects.toBe(reason);
  });

  it('rejects with the reason of a signal and unsubscribes', async () => {
    const controller = new AbortController();
    const source = counted(NEVER);
    const value = promised(source, controller.signal);
    expect(source.live).toBe(1);
    controller.abort(reason);
    await expect(value).rejects.toBe(reason);
    expect(source.live).toBe(0);
  });

  it('does not subscribe if the signal is already aborted', async () => {
    const source = counted(of(1));
    await expect(promised(source, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(source.total).toBe(0);
  });

  it('leaves no listener on the signal, whichever comes first', async () => {
    const listeners = new Set<() => void>();
    const signal = {
      aborted: false,
      addEventListener: (_: 'abort', listener: () => void) => void listeners.add(listener),
      removeEventListener: (_: 'abort', listener: () => void) => void listeners.delete(listener),
    };
    const source = new Subject<number>();
    const value = promised(source, signal);
    expect(listeners.size).toBe(1);
    source.next(7);
    await expect(value).resolves.toBe(7);
    expect(listeners.size).toBe(0);
    await expect(
      promised(
        throwError(() => reason),
        signal,
      ),
    ).rejects.toBe(reason);
    expect(listeners.size).toBe(0);
  });
});

describe('aborted', () => {
  it('never emits without a signal', () => {
    const emitted: unknown[] = [];
    aborted(undefined).subscribe((signal) => emitted.push(signal));
    expect(emitted).toEqual([]);
  });

  it('emits the signal when it is aborted, or immediately if it already is', () => {
    const controller = new AbortController();
    const emitted: unknown[] = [];
    aborted(controller.signal).subscribe(({ reason: why }) => emitted.push(why));
    expect(emitted).toEqual([]);
    controller.abort('now');
    aborted(controller.signal).subscribe(({ reason: why }) => emitted.push(`${String(why)} again`));
    expect(emitted).toEqual(['now', 'now again']);
  });
});

describe('a signal as an option', () => {
  it.each([[new AbortController().signal, true]])('%p is valid', (value, is) => {
    expect(aSignal.accepts(value)).toBe(is);
  });

  it.each([undefined, null, 5, {}, new AbortController(), EMPTY])('%p is invalid', (value) => {
    expect(aSignal.accepts(value)).toBe(false);
  });
});
