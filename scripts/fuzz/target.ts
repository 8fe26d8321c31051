import type { ErrorCode } from '../../lib/model/error.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { Random } from './random.ts';

/** What is fuzzed: how its inputs are made, and what has to hold for each. */
export interface Target {
  readonly name: string;
  /** Its share of all inputs, beside those of the other targets. */
  readonly share: number;
  /** An input. It depends on `random` alone. */
  readonly generate: (random: Random) => Uint8Array;
  /**
   * Feeds any bytes to what is fuzzed, and throws when something does not hold. It keeps nothing.
   * Returns what became of the input, in a word: how often each comes shows how far inputs reach.
   */
  readonly check: (input: Uint8Array) => string | Promise<string>;
}

/** Throws what the finding is to say, unless `condition` holds. */
export function expectThat(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/** The value of `work`, or the code of the `RxmeshError` that it throws: one of `codes`. */
export function attempt<T>(
  work: () => T,
  codes: readonly ErrorCode[],
): { readonly value: T } | { readonly code: ErrorCode } {
  try {
    return { value: work() };
  } catch (thrown) {
    expectTyped(thrown, codes);
    return { code: thrown.code };
  }
}

/** Throws unless `error` is an `RxmeshError` with one of these codes. */
export function expectTyped(
  error: unknown,
  codes: readonly ErrorCode[],
): asserts error is RxmeshError {
  if (!(error instanceof RxmeshError)) {
    throw new Error(`no RxmeshError: ${String(error)}`, { cause: error });
  }
  if (codes.includes(error.code)) return;
  throw new Error(`the code ${error.code}, which does not belong here`, { cause: error });
}
