import process from 'node:process';

/** Microseconds of a clock that all processes of a machine have in common. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
