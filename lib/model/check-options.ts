import { checkOptionNames } from './check-option-names.ts';
import { mustBe } from './described.ts';

/**
 * What an option may be. Whether a number is in its range is for another check, with a
 * `RangeError`.
 */
export interface OptionKind {
  /** As it stands behind `must be`: `a function`. */
  readonly what: string;
  readonly accepts: (value: unknown) => boolean;
  /** It cannot be left out. */
  readonly isRequired?: boolean;
}

/** Any function. */
export const aFunction: OptionKind = {
  what: 'a function',
  accepts: (value) => typeof value === 'function',
};

/** Any number, `NaN` and `Infinity` too. */
export const aNumber: OptionKind = {
  what: 'a number',
  accepts: (value) => typeof value === 'number',
};

/** A boolean. */
export const aFlag: OptionKind = {
  what: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};

/** One of a few texts. */
export function oneOf(...texts: readonly string[]): OptionKind {
  return {
    what: texts.map((text) => `'${text}'`).join(' or '),
    accepts: (value) => texts.some((text) => text === value),
  };
}

/** The same kind of an option that cannot be left out. */
export function required(kind: OptionKind): OptionKind {
  return { ...kind, isRequired: true };
}

/** An option's kind, for each option that there is. */
export type OptionKinds<O> = { readonly [Name in keyof Required<O>]: OptionKind };

/**
 * Refuses options that are not what they have to be. The caller may be plain JavaScript, so nothing
 * is taken for granted. An option that is `undefined` is left out.
 *
 * @throws {TypeError} for what is no object, a name that no option has, and a value of another
 *   kind: `shareFlow: onDrop must be a function, got "log"`
 */
export function checkOptions<O extends object>(
  operator: string,
  options: O,
  kinds: OptionKinds<O>,
): void {
  checkOptionNames(operator, options, Object.keys(kinds));
  for (const [name, kind] of Object.entries<OptionKind>(kinds)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined && kind.isRequired !== true) continue;
    checkArgument(operator, name, value, kind);
  }
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
