import type { AnyMethod } from './method.ts';
import type { CallOptions } from './method-calls.ts';

/** The longest time of a call, in milliseconds: what timers support, about 24 days. */
export const timeoutMaxMs: number = 2 ** 31 - 1;

/**
 * @throws {TypeError} for an unknown option, or a signal that is none
 * @throws {RangeError} for a time that timers do not support
 */
export function checkCallOptions(
  method: string,
  { timeoutMs, signal, ...others }: CallOptions,
): void {
  for (const name of Object.keys(others)) {
    throw new TypeError(`${method}: there is no option ${name}; there are timeoutMs and signal`);
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= timeoutMaxMs)) {
    const range = 'above 0, up to 2^31 - 1 (milliseconds)';
    throw new RangeError(`${method}: timeoutMs must be ${range}, got ${String(timeoutMs)}`);
  }
  const given: unknown = signal;
  if (given === undefined) return;
  if (typeof given !== 'object' || given === null || !('addEventListener' in given)) {
    throw new TypeError(`${method}: signal must be an AbortSignal, got a ${typeof given}`);
  }
}

/** @throws {TypeError} if it is not a function */
export function checkFunction(method: string, handler: unknown): void {
  if (typeof handler === 'function') return;
  throw new TypeError(
    `${method} must be a function, got ${handler === null ? 'null' : typeof handler}`,
  );
}

/** @throws {TypeError} if a codec is missing */
export function checkMethod(name: string, method: AnyMethod): void {
  for (const codec of ['request', 'response'] as const) {
    const { encode, decode } = { ...method[codec] } as Partial<Record<string, unknown>>;
    if (typeof encode === 'function' && typeof decode === 'function') continue;
    throw new TypeError(`${name}: ${codec} must be a codec, such as json()`);
  }
}

/** @throws {RangeError} if it is not a whole number in the range */
export function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  const range = `an integer from 1 to ${max}`;
  throw new RangeError(`calls: ${name} must be ${range}, got ${String(value)}`);
}
