/**
 * Milliseconds from some moment, with fractions. It only goes forward, also when the system's date
 * is set. While the machine sleeps it goes on or stands still, as the system has it. A global of
 * browsers and of Node alike.
 */
export function forwardNow(): number {
  return performance.now();
}

/**
 * The system's date, in milliseconds since 1970. It may be set at any moment, so nothing is
 * measured with it.
 */
export function dateNow(): number {
  // eslint-disable-next-line rxmesh/no-wall-clock -- the clock compares RxJS's time with it
  return Date.now();
}
