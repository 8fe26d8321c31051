import type { ErrorCode } from '../../lib/model/error.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import type { Random } from './random.ts';

/** A fuzz target: how to generate inputs, and what must hold for each. */
export interface Target {
  readonly name: string;
  /** Its share of all inputs, relative to the other targets. */
  readonly share: number;
  /** Generates an input, which must depend only on `random`. */
  readonly generate: (random: Random) => Uint8Array;
  /**
   * Runs the code under test on any bytes, and throws if a property is violated. Must not keep
   * state. Returns the outcome in a word; how often each occurs shows how deep the inputs reach.
   */
  readonly check: (input: Uint8Array) => string | Promise<string>;
}

/** Throws an error with the text `otherwise`, unless `condition` holds. */
export function expectThat(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Error(otherwise);
}

/**
 * The value of `work`, or the code of the `RxmeshError` it throws, which must be one of `codes`.
 */
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
