import { throwError } from 'rxjs';

/**
 * Tells RxJS's handler of unhandled errors, as RxJS does with what a subscriber throws: nobody else
 * would hear of it.
 */
export function reportUnhandled(thrown: unknown): void {
  throwError(() => thrown).subscribe();
}
