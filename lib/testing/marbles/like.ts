import { asBytes } from '../../model/bytes.ts';

/** A matcher of a test framework, such as Jest's and Vitest's `expect.any(String)`. */
export interface Matcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * What a value has to be like: equal, or, where it is an object, have these properties among
 * others.
 *
 *     const envelope: Like<InboundEnvelope<string>> = { message: 'hello' };
 */
export type Like<T> =
  | Matcher
  | (T extends Error
      ? { readonly [K in keyof T]?: Like<T[K]> }
      : T extends
            | string
            | number
            | bigint
            | boolean
            | symbol
            | null
            | undefined
            | Uint8Array
            | ReadonlyMap<unknown, unknown>
            | ReadonlySet<unknown>
        ? T
        : T extends readonly (infer E)[]
          ? readonly Like<E>[]
          : { readonly [K in keyof T]?: Like<T[K]> });

/** Whether a value is what was expected. */
export function isLike(actual: unknown, expected: unknown): boolean {
  if (Object.is(actual, expected)) return true;
  if (!isObject(expected)) return false;
  if (isMatcher(expected)) return expected.asymmetricMatch(actual);
  if (!isObject(actual)) return false;
  const bytes = asBytes(expected);
  if (bytes !== undefined) return areEqual(asBytes(actual) ?? [], bytes);
  if (expected instanceof Map) return actual instanceof Map && areEqual(actual, expected);
  if (expected instanceof Set) return actual instanceof Set && areEqual(actual, expected);
  if (Array.isArray(expected)) return Array.isArray(actual) && areEqual(actual, expected);
  const names = expected instanceof Error ? ['name', 'message'] : Object.keys(expected);
  return names.every((name) => isLike(Reflect.get(actual, name), Reflect.get(expected, name)));
}

function areEqual(actual: Iterable<unknown>, expected: Iterable<unknown>): boolean {
  const [ours, theirs] = [[...actual], [...expected]];
  return ours.length === theirs.length && theirs.every((each, at) => isLike(ours[at], each));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isMatcher(value: object): value is Matcher {
  return typeof Reflect.get(value, 'asymmetricMatch') === 'function';
}
