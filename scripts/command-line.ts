import { parseArgs, type ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** A whole number: its default, and the least it may be, which is 1 unless given. */
type NumberOption = number | { readonly otherwise: number; readonly least: number };

/** The command line that a script takes. Options that are not numbers are as for `parseArgs`. */
interface Shape<N extends string, O extends Options> {
  /** The text of `--help`. */
  readonly usage: string;
  readonly numbers?: Readonly<Record<N, NumberOption>>;
  readonly options?: O;
  readonly allowPositionals?: boolean;
}

type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

interface CommandLine<N extends string, O extends Options> {
  readonly numbers: Readonly<Record<N, number>>;
  readonly values: Values<O>;
  readonly positionals: readonly string[];
}

/**
 * Reads the command line of a script. `--help` prints its usage and exits; so does whatever it does
 * not take, with the reason, and with exit code 2.
 */
export function commandLine<
  N extends string = never,
  const O extends Options = Record<string, never>,
>(shape: Shape<N, O>): CommandLine<N, O> {
  try {
    return read(shape);
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error), shape.usage);
  }
}

/** Ends the script because of its command line: prints why, and what would do. */
export function refuse(reason: string, usage = ''): never {
  console.error(usage === '' ? reason : `${reason}\n${usage}`);
  process.exit(2);
}

function read<N extends string, O extends Options>({
  usage,
  numbers,
  options,
  allowPositionals = false,
}: Shape<N, O>): CommandLine<N, O> {
  const named = Object.entries<NumberOption>(numbers ?? {});
  const texts = named.map(([name]) => [name, { type: 'string' }] as const);
  const { values, positionals } = parseArgs({
    options: { ...Object.fromEntries(texts), ...options, help: { type: 'boolean' } },
    allowPositionals,
  });
  if (values.help === true) {
    console.log(usage);
    process.exit();
  }
  const given: Readonly<Record<string, unknown>> = values;
  const whole = named.map(([name, option]) => [name, wholeNumber(name, given[name], option)]);
  return {
    numbers: Object.fromEntries(whole) as Record<N, number>,
    values: values as Values<O>,
    positionals,
  };
}

function wholeNumber(name: string, given: unknown, option: NumberOption): number {
  const { otherwise, least } =
    typeof option === 'number' ? { otherwise: option, least: 1 } : option;
  const value = given === undefined ? otherwise : Number(given);
  if (Number.isSafeInteger(value) && value >= least && given !== '') return value;
  throw new RangeError(
    `--${name} must be a whole number of at least ${least}, not ${String(given)}`,
  );
}
