import { isArrayBuffer, kindOf } from '../../model/bytes.ts';

/** A matcher of a test framework, such as Jest's and Vitest's `expect.any(String)`. */
export interface Matcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * What a value has to be like: equal, or, where it is an object, have these properties among
 * others. An `Error` needs the name, the message and the properties of the expected one, such as
 * its `code`. Bytes, a `Date`, a `URL` and a `RegExp` have to be equal. Any other instance of a
 * class without properties of its own equals only itself, since its contents cannot be compared.
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
  if (expected instanceof Map) return actual instanceof Map && areEqual(actual, expected);
  if (expected instanceof Set) return actual instanceof Set && areEqual(actual, expected);
  if (Array.isArray(expected)) return Array.isArray(actual) && areEqual(actual, expected);
  const kind = kindOf(expected);
  const content = contentOf(expected, kind);
  if (content !== undefined) {
    return kindOf(actual) === kind && areEqual(contentOf(actual, kind) ?? [], content);
  }
  const names = namesOf(expected, kind);
  // Without properties, every value would be like it.
  if (names.length === 0 && !isPlain(expected)) return false;
  return names.every((name) => isLike(Reflect.get(actual, name), Reflect.get(expected, name)));
}

/** What tells objects apart whose properties do not. By kind, since they may be of any realm. */
function contentOf(value: unknown, kind: string): Iterable<unknown> | undefined {
  if (kind === 'Date') return [Number(value)];
  if (['RegExp', 'URL', 'URLSearchParams'].includes(kind)) return [String(value)];
  if (isArrayBuffer(value)) return new Uint8Array(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** The properties that count. Those of an error are not all enumerable. */
function namesOf(expected: object, kind: string): readonly string[] {
  const names = Object.keys(expected);
  if (!(expected instanceof Error || kind === 'Error')) return names;
  const hidden = ['cause', 'errors'].filter((name) => Object.hasOwn(expected, name));
  return [...new Set(['name', 'message', ...hidden, ...names])];
}

/** Whether this is `{}`, of any realm, and not an instance of a class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return !isObject(prototype) || Object.getPrototypeOf(prototype) === null;
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
