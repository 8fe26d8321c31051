import { throwError } from 'rxjs';

/**
 * Passes an error that nothing else would report to RxJS's handler for unhandled errors, as RxJS
 * does with exceptions thrown by subscribers.
 */
export function reportUnhandled(thrown: unknown): void {
  throwError(() => thrown).subscribe();
}
