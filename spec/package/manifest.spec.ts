import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** One target of `exports` or `imports` in package.json. */
interface Target {
  readonly source: string;
  readonly types?: string;
  readonly default: string;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, Target | string>>;
  /** Where Node and browsers differ, a target for each. */
  readonly imports: Readonly<
    Record<string, Target | { readonly node: Target; readonly default: Target }>
  >;
}

const root = new URL('../../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest;

/** Where the build puts what it makes of a source file. */
const built = (source: string, extension: string): string =>
  source.replace('./', './dist/').replace(/\.ts$/, extension);

const namesOf = async (specifier: string): Promise<string[]> =>
  Object.keys((await import(specifier)) as object).sort();

const entries = Object.entries(manifest.exports).flatMap(([key, target]) =>
  typeof target === 'string' ? [] : [{ key, target }],
);

describe('the exports of package.json', () => {
  it.each(entries)('$key is built from a source that exists', ({ target }) => {
    expect(existsSync(new URL(target.source, root))).toBe(true);
    expect(target.types).toBe(built(target.source, '.d.ts'));
    expect(target.default).toBe(built(target.source, '.js'));
  });

  it.each(entries)('$key, by its published name, is that source', async ({ key, target }) => {
    const names = await namesOf(manifest.name + key.slice(1));
    expect(names).not.toEqual([]);
    expect(names).toEqual(await namesOf(new URL(target.source, root).href));
  });
});

const platforms = Object.entries(manifest.imports).map(([key, targets]) => ({
  key,
  targets: 'node' in targets ? targets : { node: targets, default: targets },
}));

describe('the imports of package.json', () => {
  it.each(platforms)('$key is built from sources that exist', ({ targets }) => {
    for (const target of [targets.node, targets.default]) {
      expect(existsSync(new URL(target.source, root))).toBe(true);
      expect(target.default).toBe(built(target.source, '.js'));
    }
  });

  it.each(platforms)('$key exports the same names for Node and browsers', async ({ targets }) => {
    const [node, web] = [targets.node.source, targets.default.source];
    expect(await namesOf(new URL(web, root).href)).toEqual(await namesOf(new URL(node, root).href));
  });
});
