import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codesIn, rowsOf } from './documents.ts';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** The last cell of each row that names tests. */
const tests = rowsOf('docs/security.md')
  .map((cells) => codesIn(cells.at(-1) ?? ''))
  .filter((codes) => codes.some((code) => code.startsWith('spec/') || code.startsWith('npm run')));

describe('docs/security.md', () => {
  it('names tests and scripts that exist', () => {
    const missing = tests
      .flat()
      .filter((code) =>
        code.startsWith('npm run ') ? !(code.slice(8) in scripts) : !existsSync(code),
      );
    expect(missing).toEqual([]);
    expect(tests.length).toBeGreaterThan(30);
  });

  it.each(Array.from({ length: 13 }, (_, nth) => `S-${String(nth + 1).padStart(2, '0')}`))(
    'names a file with a test of %s',
    (scenario) => {
      const files = new Set(tests.flat().filter((code) => code.startsWith('spec/')));
      const named = [...files].filter((file) =>
        new RegExp(`^\\s*(?:it|describe|\\]\\)).*\\b${scenario}\\b`, 'm').test(
          readFileSync(file, 'utf8'),
        ),
      );
      expect(named).not.toEqual([]);
    },
  );
});
