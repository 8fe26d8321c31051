import { reportUnhandled } from './report-unhandled.ts';

/**
 * Wraps a callback that is only notified, such as `onDrop` or `onFailure`. An exception from it is
 * reported as unhandled and changes nothing, since the caller has work left to do.
 *
 * @param callback undefined: do nothing
 */
export function hook<A extends readonly unknown[]>(
  callback: ((...args: A) => void) | undefined,
): (...args: A) => void {
  return (...args) => {
    try {
      callback?.(...args);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  };
}

/**
 * Makes a user's predicate safe for `filter`: a value for which it throws is dropped, and the error
 * is reported as unhandled. Other values are unaffected.
 */
export function safePredicate<T>(decide: (value: T) => boolean): (value: T) => boolean {
  return (value) => {
    try {
      return decide(value);
    } catch (thrown) {
      reportUnhandled(thrown);
      return false;
    }
  };
}
