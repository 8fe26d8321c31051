import type { Changes, Row } from './view.ts';

/** Rows by key. Rows that have not changed are the same objects as before. */
export type Table<R extends Row> = ReadonlyMap<string, R>;

/**
 * A table of these rows that keeps the objects of an earlier one where nothing has changed. So a
 * page's changes are found by comparing references.
 */
export function tableOf<R extends Row>(rows: Iterable<R>, before: Table<R>): Table<R> {
  const table = new Map<string, R>();
  for (const row of rows) {
    const known = before.get(row.key);
    table.set(row.key, known !== undefined && isSame(known, row) ? known : row);
  }
  return table;
}

/** What makes the second table of the first; undefined if they are equal. */
export function changesOf<R extends Row>(before: Table<R>, now: Table<R>): Changes<R> | undefined {
  if (before === now) return undefined;
  const set: R[] = [];
  for (const [key, row] of now) if (before.get(key) !== row) set.push(row);
  const gone: string[] = [];
  if (before.size + set.length > now.size) {
    for (const key of before.keys()) if (!now.has(key)) gone.push(key);
  }
  return set.length === 0 && gone.length === 0 ? undefined : { set, gone };
}

/** Whether two values have the same fields, with the same values. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  // A loop: this is most of what a row costs that has not changed.
  for (const name of names)
    if (!isSame(Reflect.get(one, name), Reflect.get(other, name))) return false;
  return true;
}
