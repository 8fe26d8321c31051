import { mistaken } from '../frames/option-checks.ts';

/** The longest time, in milliseconds: what timers support, about 24 days. */
export const timeMaxMs: number = 2 ** 31 - 1;
/** The highest value of a count. */
const countMax: number = 2 ** 31 - 1;

/** @throws {RangeError} for a time that timers do not support */
export function checkTime(name: string, value: number | undefined): void {
  if (value === undefined || (value > 0 && value <= timeMaxMs)) return;
  const range = 'above 0, up to 2^31 - 1 (milliseconds)';
  throw new RangeError(`deliveries: ${name} must be ${range}, got ${String(value)}`);
}

/** @throws {RangeError} if it is not a whole number in the range */
export function checkCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= countMax) return;
  const range = 'an integer from 1 to 2^31 - 1';
  throw new RangeError(`deliveries: ${name} must be ${range}, got ${String(value)}`);
}

/** @throws {TypeError} if an argument is missing, or the first one is not a router */
export function checkArguments(router: unknown, options: unknown): void {
  if (!has(router, ['openChannel'])) throw mistaken('deliveries: router', 'a router', router);
  if (!has(options, [])) throw mistaken('deliveries: options', 'an object', options);
}

/** @throws {TypeError} if it is not a codec */
export function checkCodec(codec: unknown): void {
  if (has(codec, ['encode', 'decode'])) return;
  throw mistaken('deliveries: codec', 'a codec, such as json()', codec);
}

/** @throws {TypeError} if it is not a store */
export function checkStore(store: unknown): void {
  if (store === undefined || has(store, ['open', 'batch', 'iterator'])) return;
  throw mistaken('deliveries: store', 'an abstract-level database', store);
}

function has(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}
