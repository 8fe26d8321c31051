import { fromEvent, lastValueFrom, merge, NEVER, type Observable, takeUntil, timer } from 'rxjs';

/**
 * Subscribes until Ctrl-C, or for this many seconds, then unsubscribes. An error is printed in one
 * line, and gives the exit code 1.
 */
export async function runUntilCtrlC(
  work$: Observable<unknown>,
  { name, seconds }: { readonly name: string; readonly seconds?: number | undefined },
): Promise<void> {
  const end$ = merge(
    fromEvent(process, 'SIGINT'),
    fromEvent(process, 'SIGTERM'),
    seconds === undefined ? NEVER : timer(seconds * 1_000),
  );
  try {
    await lastValueFrom(work$.pipe(takeUntil(end$)), { defaultValue: undefined });
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** Parses the command line; if that throws, prints why and how it is used, and exits with 2. */
export function optionsOf<T>(usage: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(2);
  }
}

/** @throws {RangeError} unless it is a number from `min` to `max` */
export function numberFrom(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (value >= min && value <= max) return value;
  throw new RangeError(`${option} must be a number from ${min} to ${max}, got ${text}`);
}
