import { firstValueFrom, merge, NEVER, Observable } from 'rxjs';
import type { OptionKind } from '../model/check-options.ts';

/** The part of an `AbortSignal` that rxmesh uses, as provided by Node and browsers. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** The kind of an option that takes a signal. */
export const aSignal: OptionKind = {
  what: 'an AbortSignal',
  accepts: (value) => {
    if (typeof value !== 'object' || value === null) return false;
    return 'aborted' in value && 'addEventListener' in value;
  },
};

/** Emits when the signal is aborted, or immediately if it already is. Never without a signal. */
export function aborted(signal: AbortSignalLike | undefined): Observable<AbortSignalLike> {
  if (signal === undefined) return NEVER;
  return new Observable((subscriber) => {
    const abort = (): void => subscriber.next(signal);
    if (signal.aborted) {
      abort();
      return undefined;
    }
    signal.addEventListener('abort', abort);
    return () => signal.removeEventListener('abort', abort);
  });
}

/**
 * Resolves to the first value of `source`. If the signal is aborted first, unsubscribes and rejects
 * with the signal's reason. The source must emit or fail before it completes.
 */
export function promised<T>(source: Observable<T>, signal?: AbortSignalLike): Promise<T> {
  const aborted$ = new Observable<never>((subscriber) =>
    aborted(signal).subscribe(({ reason }) => subscriber.error(reason)),
  );
  return firstValueFrom(merge(aborted$, source));
}
