import { reportUnhandled } from './report-unhandled.ts';

/**
 * A callback that only hears of something, as `onDrop` and `onFailure` do. What it throws is
 * reported as unhandled, and changes nothing: whoever calls it has more to do.
 *
 * @param callback absent: nobody wants to hear
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
 * What `decide` says of a value, made safe for `filter`: one for which it throws is left out, and
 * the error is reported as unhandled. The others have nothing to do with that.
 */
export function deciding<T>(decide: (value: T) => boolean): (value: T) => boolean {
  return (value) => {
    try {
      return decide(value);
    } catch (thrown) {
      reportUnhandled(thrown);
      return false;
    }
  };
}
