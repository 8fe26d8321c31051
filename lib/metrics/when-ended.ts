import { tap } from 'rxjs';
import type { Flow } from '../index.ts';
import { errorType } from './error-type.ts';
import type { MetricAttributes } from './meter.ts';

/**
 * Calls `end` once, with the `error.type` if there is one: when the answers of a call have ended,
 * or their consumer leaves. `firstValueFrom` leaves with its answer, so that is not a failure.
 */
export function whenEnded<T>(answers: Flow<T>, end: (outcome: MetricAttributes) => void): Flow<T> {
  let hasAnswer = false;
  return answers.pipe(
    tap({
      next: () => {
        hasAnswer = true;
      },
      complete: () => end({}),
      error: (error: unknown) => end(errorType(error)),
      unsubscribe: () => end(hasAnswer ? {} : { 'error.type': 'cancelled' }),
    }),
  );
}
