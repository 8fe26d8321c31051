/** Throws unless `condition` holds. `requirement` says what was expected. */
export function check(condition: boolean, requirement: string): asserts condition {
  if (!condition) throw new Error(`flow conformance: ${requirement}`);
}

/** Throws unless two numbers are equal. */
export function checkCount(actual: number, expected: number, what: string): void {
  check(actual === expected, `${what} should be ${expected}, but is ${actual}`);
}
