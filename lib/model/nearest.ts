/** Longer names are not compared: no option has one. */
const lengthMax = 64;
/** How much of a name must be there to complete it: `ttl` stands for `ttlMs`. */
const beginningMin = 3;

/**
 * The name in `known` that `text` was probably meant to be. Of its characters, a third may differ,
 * or one if it is short; or it is the beginning of the name. Case does not matter. `undefined` if
 * no name is that near.
 */
export function nearest(text: string, known: readonly string[]): string | undefined {
  if (text.length > lengthMax) return undefined;
  let found: string | undefined;
  let least = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const name of known) {
    const isBeginning = text.length >= beginningMin && name.startsWith(text);
    const edits = isBeginning ? 1 : editsBetween(text.toLowerCase(), name.toLowerCase());
    if (edits >= least) continue;
    least = edits;
    found = name;
  }
  return found;
}

/**
 * How many characters must be inserted, deleted, replaced or swapped with their neighbour to turn
 * one text into the other (optimal string alignment).
 */
function editsBetween(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, row] = [row, next];
  }
  return row[other.length] ?? 0;
}
