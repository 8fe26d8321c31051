import { parseArgs } from 'node:util';
import { nearest } from '../model/nearest.ts';
import { quote } from '../model/quote.ts';
import type { Command, Given, OptionSpecs } from './command.node.ts';
import { Values } from './command.node.ts';
import { UsageError } from './usage-error.ts';

/** The options that every command has. */
export const commonOptions: OptionSpecs = {
  help: { short: 'h', text: 'prints this help' },
};

/**
 * Reads the arguments of a command.
 *
 * @throws {UsageError} for an option that does not exist, with the one that was probably meant, for
 *   a value that is missing or too much, and for too many or too few arguments
 */
export function parse(command: Command, args: readonly string[]): Given {
  const specs = { ...command.options, ...commonOptions };
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short && { short }) } as const,
      ]),
    ),
    allowPositionals: true,
    // Its messages know nothing of what was probably meant.
    strict: false,
    tokens: true,
  });
  const values = new Map<string, (string | true)[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (spec === undefined) throw unknownOption(rawName, Object.keys(specs));
    if (spec.value === undefined && value !== undefined) {
      throw new UsageError(`${rawName} takes no value`);
    }
    // After `=`, a value may begin with a dash.
    const isNext = value?.startsWith('-') === true && !token.inlineValue && value.length > 1;
    if (spec.value !== undefined && (value === undefined || isNext)) {
      throw new UsageError(`${rawName} needs a value: ${rawName} <${spec.value}>`);
    }
    const before = values.get(name) ?? [];
    values.set(name, [...before, value ?? true]);
  }
  if (!values.has('help')) checkPositionals(command, positionals);
  return { positionals, values: new Values(values) };
}

/** The error for an option that does not exist. */
export function unknownOption(rawName: string, known: readonly string[]): UsageError {
  const near = nearest(rawName.replace(/^-+/, ''), known);
  const hint = near === undefined ? '' : ` (did you mean --${near}?)`;
  return new UsageError(`there is no option ${rawName}${hint}`);
}

function checkPositionals({ positionals: specs }: Command, given: readonly string[]): void {
  const missing = specs.find((spec, i) => spec.startsWith('<') && given[i] === undefined);
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const surplus = specs.at(-1)?.endsWith('...') === true ? undefined : given[specs.length];
  if (surplus !== undefined) throw new UsageError(`${quote(surplus)} is one argument too many`);
}

/**
 * The number in the value of an option.
 * @throws {UsageError} if it is not a whole number in the range
 */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new UsageError(`${name} must be a whole number from ${min} to ${max}, got ${quote(text)}`);
}

/**
 * The seconds in the value of an option, as milliseconds.
 * @throws {UsageError} if they are not above 0, or more than a day
 */
export function secondsAsMs(name: string, text: string): number {
  const seconds = Number(text);
  if (/^\d*\.?\d+$/.test(text) && seconds > 0 && seconds <= 86_400) return seconds * 1_000;
  throw new UsageError(`${name} must be seconds, above 0 and up to 86400, got ${quote(text)}`);
}

/**
 * The ID of a channel.
 * @throws {UsageError} if it is none
 */
export function channelId(name: string, text: string): number {
  const [, digits] = /^(?:0x([0-9a-f]{1,4}))$/i.exec(text) ?? [];
  return digits === undefined ? wholeNumber(name, text, 0, 65_535) : Number.parseInt(digits, 16);
}
