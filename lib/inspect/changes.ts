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
  const changed: [string, Partial<R>][] = [];
  for (const [key, row] of now) {
    const known = before.get(key);
    if (known === row) continue;
    const fields = known === undefined ? undefined : fieldsOf(known, row);
    if (fields === undefined) set.push(row);
    else changed.push([key, fields]);
  }
  const gone = goneOf(before, now);
  return set.length + changed.length + gone.length === 0 ? undefined : { set, changed, gone };
}

function goneOf<R extends Row>(before: Table<R>, now: Table<R>): readonly string[] {
  const gone: string[] = [];
  for (const key of before.keys()) if (!now.has(key)) gone.push(key);
  return gone;
}

/** The fields in which a row differs from before; undefined if it has lost one. */
function fieldsOf<R extends Row>(before: R, now: R): Partial<R> | undefined {
  for (const name in before)
    if (before[name] !== undefined && now[name] === undefined) return undefined;
  const fields: Partial<R> = {};
  for (const name in now) if (!isSame(before[name], now[name])) fields[name] = now[name];
  return fields;
}

/** Makes the changes in a table. */
export function change<R extends Row>(
  table: Map<string, R>,
  { set, changed, gone }: Changes<R>,
): void {
  for (const row of set) table.set(row.key, row);
  for (const [key, fields] of changed) {
    const row = table.get(key);
    if (row !== undefined) table.set(key, { ...row, ...fields });
  }
  for (const key of gone) table.delete(key);
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
