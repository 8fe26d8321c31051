/** The command line is wrong: the program says so and ends with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command was stopped before it had done its work. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}
