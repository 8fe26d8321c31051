import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { breaks } from '../../scripts/breaks/breaks.ts';

const root = join(import.meta.dirname, '../..');
const source = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('npm run breaks', () => {
  it.each(breaks)('can break it so that $what', ({ file, find, replace, spec }) => {
    expect(source(file).split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
    expect(existsSync(join(root, spec))).toBe(true);
  });

  it('breaks every promise of the architecture', () => {
    const listed = [...source('docs/architecture.md').matchAll(/^(\d+)\. \*\*/gm)];
    const numbers = listed.map(([, number]) => Number(number));
    expect([...new Set(breaks.map(({ promise }) => promise))]).toEqual(numbers);
  });
});
