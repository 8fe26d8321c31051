import { toHex } from '../../model/hex.ts';
import { printable } from '../../model/quote.ts';

/** How deep values are shown, and how long their text may be. */
const depthMax = 4;
const lengthMax = 160;

/**
 * A value in one line, as one would write it in a test: `{ from: node 0, message: 'hello' }`.
 * @param nodeName the name of a node with this ID, if there is one
 */
export function shown(value: unknown, nodeName: (id: string) => string | undefined): string {
  const text = printable(shownAt(0, value, nodeName));
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
}

function shownAt(
  depth: number,
  value: unknown,
  nodeName: (id: string) => string | undefined,
): string {
  if (typeof value === 'string') return nodeName(value) ?? `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  const each = (inner: unknown): string => shownAt(depth + 1, inner, nodeName);
  if (value instanceof Error) return shownError(value);
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`;
  if (depth === depthMax) return '…';
  if (Array.isArray(value)) return `[${value.map(each).join(', ')}]`;
  if (value instanceof Set) return `Set(${[...value].map(each).join(', ')})`;
  if (value instanceof Map) {
    return `Map(${[...value].map(([key, inner]) => `${each(key)}: ${each(inner)}`).join(', ')})`;
  }
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${each(inner)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function shownError(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  const text = typeof code === 'string' ? `${error.name} ${code}` : error.name;
  return `${text}: ${error.message}`;
}
