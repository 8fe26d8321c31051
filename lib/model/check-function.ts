import { mustBe } from './described.ts';

/**
 * @throws {TypeError} when an option is not a function
 * @param what the operator and the option: `reply: project`
 */
export function checkFunction(what: string, given: unknown): void {
  if (typeof given !== 'function') throw mistaken(what, 'a function', given);
}

/**
 * @throws {TypeError} when an option is not an object with this method
 * @param what the operator and the option: `encode: codec`
 */
export function checkMethod(what: string, given: unknown, method: string): void {
  const isObject = typeof given === 'object' && given !== null;
  if (!isObject) throw mistaken(what, `an object with a method ${method}`, given);
  checkFunction(`${what}.${method}`, Reflect.get(given, method));
}

/** A `TypeError` for an option of the wrong type: "x must be y, got z". */
export function mistaken(what: string, must: string, given: unknown): TypeError {
  return new TypeError(mustBe(what, must, given));
}
