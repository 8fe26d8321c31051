import { asBytes } from '../../model/bytes.ts';

/** Throws unless `condition` holds. `requirement` says what was expected. */
export function check(condition: boolean, requirement: string): asserts condition {
  if (!condition) throw new Error(`transport conformance: ${requirement}`);
}

/** Throws unless two values are deeply equal, including objects, arrays and bytes. */
export function checkSame(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [canonical(actual), canonical(expected)];
  check(found === wanted, `${what} should be ${wanted}, but is ${found}`);
}

/** JSON with sorted keys, bytes as text, and without undefined properties. */
function canonical(value: unknown): string {
  // Contrary to its type, JSON.stringify returns undefined for undefined.
  const json = JSON.stringify(value, (_key, part: unknown) => {
    const bytes = asBytes(part);
    if (bytes !== undefined) return String(bytes);
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  }) as string | undefined;
  return json ?? 'undefined';
}
