/** Throws unless `condition` holds; `requirement` says what should have been. */
export function check(condition: boolean, requirement: string): asserts condition {
  if (!condition) throw new Error(`flow conformance: ${requirement}`);
}

/** Throws unless two numbers are the same. */
export function checkCount(actual: number, expected: number, what: string): void {
  check(actual === expected, `${what} should be ${expected}, but is ${actual}`);
}
