import process from 'node:process';

/** The time in microseconds, on a clock that all processes of the machine share. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
