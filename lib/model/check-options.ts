import { checkOptionNames } from './check-option-names.ts';
import { mustBe } from './described.ts';

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

/** A boolean. */
export const aFlag: OptionKind = {
  what: 'true or false',
  accepts: (value) => typeof value === 'boolean',
};

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
