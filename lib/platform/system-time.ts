/**
 * Milliseconds since an arbitrary moment, with fractions. Never goes backwards, even if the
 * system's date is set. Whether it advances while the machine sleeps depends on the system.
 * `performance` is a global in browsers and Node.
 */
export function forwardNow(): number {
  return performance.now();
}

/**
 * The system's date, in milliseconds since 1970. It may be set at any time, so nothing is measured
 * with it.
 */
export function dateNow(): number {
  // eslint-disable-next-line rxmesh/no-wall-clock -- the clock compares RxJS's time with it
  return Date.now();
}
