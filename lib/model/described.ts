import { kindOf } from './bytes.ts';
import { quote } from './quote.ts';

/**
 * Describes an untrusted value in a few words for an error message: `"4"`, `NaN`, `a function`,
 * `a Subject`.
 */
export function described(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : describedObject(value);
    default:
      return `a ${typeof value}`;
  }
}

/**
 * The usual sentence about an invalid option: "x must be y, got z".
 * @param what the words after "must be": `an Identity`
 */
export function mustBe(name: string, what: string, given: unknown): string {
  return `${name} must be ${what}, got ${described(given)}`;
}

function describedObject(value: object): string {
  if (Array.isArray(value)) return 'an array';
  if (kindOf(value) === 'Promise') return 'a Promise (missing `await`?)';
  // An object without a prototype has no constructor.
  const maker: unknown = value.constructor;
  const name = typeof maker === 'function' && maker !== Object ? maker.name : '';
  if (name === '') return 'an object';
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
