import { checkOptionNames } from './check-option-names.ts';
import { mustBe } from './described.ts';
import { type OptionGroups, unknownOptions } from './unknown-options.ts';

/**
 * The type of value that an option takes. The range of a number is checked separately, with a
 * `RangeError`.
 */
export interface OptionKind {
  /** The words after "must be": `a function`. */
  readonly what: string;
  readonly accepts: (value: unknown) => boolean;
  /** Whether the option must be given. Default: false. */
  readonly isRequired?: boolean;
}

/** Any function. */
export const aFunction: OptionKind = {
  what: 'a function',
  accepts: (value) => typeof value === 'function',
};

/** Any number, including `NaN` and `Infinity`. */
export const aNumber: OptionKind = {
  what: 'a number',
  accepts: (value) => typeof value === 'number',
};

/** Any string. */
export const aString: OptionKind = {
  what: 'a string',
  accepts: (value) => typeof value === 'string',
};

/** Any value, for an option that is checked in another way. */
export const anything: OptionKind = { what: 'anything', accepts: () => true };

/** A boolean. */
export const aFlag: OptionKind = {
  what: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};

/** An object, but not an array. */
export const anObject: OptionKind = { what: 'an object', accepts: isObject };

/**
 * An integer from `min` to `max`.
 * @param range the same in words, if the numbers are hard to read: `0 to 2^53 - 1`
 */
export function anInteger(min: number, max: number, range = `${min} to ${max}`): OptionKind {
  return {
    what: `an integer from ${range}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  };
}

/** One of the given strings. */
export function oneOf(...texts: readonly string[]): OptionKind {
  return {
    what: texts.map((text) => `'${text}'`).join(' or '),
    accepts: (value) => texts.some((text) => text === value),
  };
}

/** The same kind, for an option that must be given. */
export function required(kind: OptionKind): OptionKind {
  return { ...kind, isRequired: true };
}

/** The kind of every option in `O`. */
export type OptionKinds<O> = { readonly [Name in keyof Required<O>]: OptionKind };

/**
 * Rejects options of the wrong type. The caller may be plain JavaScript, so nothing is taken for
 * granted. An option that is `undefined` counts as left out.
 *
 * @throws {TypeError} for a value that is not an object, an unknown option, or an option of the
 *   wrong kind: `shareFlow: onDrop must be a function, got "log"`
 */
export function checkOptions<O extends object>(
  operator: string,
  options: O,
  kinds: OptionKinds<O>,
): void {
  checkOptionNames(operator, options, Object.keys(kinds));
  const [fault] = valueFaults(options, kinds);
  if (fault !== undefined) throw new TypeError(`${operator}: ${fault}`);
}

/**
 * What is wrong with options, a sentence for each fault, for those who report all of them together.
 *
 * @param group the option that contains these options, and the prefix of their names: `peers`
 * @param groups where an unknown name may belong instead
 */
export function optionFaults(
  given: unknown,
  kinds: Readonly<Record<string, OptionKind>>,
  group?: string,
  groups?: OptionGroups,
): readonly string[] {
  if (!isObject(given)) return [mustBe(group ?? 'options', 'an object', given)];
  return [
    ...unknownOptions(given, Object.keys(kinds), group, groups),
    ...valueFaults(given, kinds, group === undefined ? '' : `${group}.`),
  ];
}

/** The same, but other options may be among them. */
export function valueFaults(
  given: object,
  kinds: Readonly<Record<string, OptionKind>>,
  prefix = '',
): readonly string[] {
  return Object.entries(kinds).flatMap(([name, { what, accepts, isRequired }]) => {
    const value: unknown = Reflect.get(given, name);
    const isLeftOut = value === undefined && isRequired !== true;
    return isLeftOut || accepts(value) ? [] : [mustBe(prefix + name, what, value)];
  });
}

/** Whether a value can have named options: an object, but not an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The same for an argument.
 * @throws {TypeError} `boundedMergeMap: project must be a function, got undefined`
 */
export function checkArgument(
  operator: string,
  name: string,
  value: unknown,
  { what, accepts }: OptionKind,
): void {
  if (accepts(value)) return;
  throw new TypeError(`${operator}: ${mustBe(name, what, value)}`);
}
