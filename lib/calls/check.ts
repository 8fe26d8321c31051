import { copyOfHeaders } from '../frames/headers.ts';
import { checkFunction, checkOptionNames, mistaken } from '../frames/option-checks.ts';
import type { AnyMethod } from './method.ts';
import type { CallOptions } from './method-calls.ts';

const callOptionNames = ['timeoutMs', 'signal', 'headers'];

/** The longest time of a call, in milliseconds: what timers support, about 24 days. */
export const timeoutMaxMs: number = 2 ** 31 - 1;

/**
 * @throws {TypeError} for an unknown option, or a wrong signal or wrong headers
 * @throws {RangeError} for a time that timers do not support, or headers that are too large
 */
export function checkCallOptions(method: string, options: CallOptions): void {
  checkOptionNames(method, options, callOptionNames);
  const { timeoutMs, signal, headers } = options;
  if (timeoutMs !== undefined && !(timeoutMs > 0 && timeoutMs <= timeoutMaxMs)) {
    const range = 'above 0, up to 2^31 - 1 (milliseconds)';
    throw new RangeError(`${method}: timeoutMs must be ${range}, got ${String(timeoutMs)}`);
  }
  if (headers !== undefined) copyOfHeaders(method, headers);
  const given: unknown = signal;
  if (given === undefined) return;
  if (typeof given !== 'object' || given === null || !('addEventListener' in given)) {
    throw mistaken(`${method}: signal`, 'an AbortSignal', given);
  }
}

/** @throws {TypeError} if an argument is missing, or the first one is not a router */
export function checkArguments(router: unknown, options: unknown): void {
  const open: unknown = isObject(router) && Reflect.get(router, 'openChannel');
  if (typeof open !== 'function') throw mistaken('calls: router', 'a router', router);
  checkObject('calls: options', options);
}

/** @throws {TypeError} if it is not an object */
export function checkObject(what: string, given: unknown): asserts given is object {
  if (!isObject(given)) throw mistaken(what, 'an object', given);
}

const isObject = (given: unknown): given is object => typeof given === 'object' && given !== null;

const methodOptions = ['request', 'response', 'aroundCalls', 'aroundHandler'];
const serviceOptions = [
  ...['id', 'maxCalls', 'maxCallsInAll', 'window'],
  ...['inbound', 'outbound', 'priority', 'messageBytesMax'],
];

/** @throws {TypeError} for an unknown option, or methods that are no object */
export function checkServiceOptions(options: object): void {
  const hasMethods = 'methods' in options;
  const known = hasMethods ? ['methods'] : methodOptions;
  checkOptionNames('calls', options, [...known, ...serviceOptions]);
  if (hasMethods) checkObject('calls: methods', options.methods);
}

/** @throws {TypeError} if a codec is missing, or middleware is not an array of functions */
export function checkMethod(name: string, method: AnyMethod): void {
  for (const around of ['aroundCalls', 'aroundHandler'] as const) {
    const given: unknown = method[around];
    if (given === undefined) continue;
    if (!Array.isArray(given)) {
      throw mistaken(`${name}: ${around}`, 'an array of functions', given);
    }
    given.forEach((each, at) => checkFunction(`${name}: ${around}[${at}]`, each));
  }
  for (const codec of ['request', 'response'] as const) {
    const given: unknown = method[codec];
    const { encode, decode } = { ...(given as object) } as Partial<Record<string, unknown>>;
    if (typeof encode === 'function' && typeof decode === 'function') continue;
    throw mistaken(`${name}: ${codec}`, 'a codec, such as json()', given);
  }
}

/** @throws {RangeError} if it is not a whole number in the range */
export function checkCount(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return;
  const range = `an integer from 1 to ${max}`;
  throw new RangeError(`calls: ${name} must be ${range}, got ${String(value)}`);
}
