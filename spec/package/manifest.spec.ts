import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** One target of `imports` in package.json. */
interface Target {
  readonly source: string;
  readonly default: string;
}

/** An entry point: an ES module for all that can load one, and CommonJS for what cannot. */
interface Entry extends Target {
  readonly 'module-sync': string;
  readonly module: string;
  readonly require: { readonly types: string; readonly default: string };
  readonly types: string;
}

interface Manifest {
  readonly name: string;
  readonly types: string;
  readonly typesVersions: { readonly '*': Readonly<Record<string, readonly string[]>> };
  readonly exports: Readonly<Record<string, Entry | string>>;
  /** Where Node and browsers differ, a target for each. */
  readonly imports: Readonly<
    Record<string, Target | { readonly node: Target; readonly default: Target }>
  >;
}

const root = new URL('../../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest;

/** Where the build puts what it makes of a source file. */
const built = (source: string, extension: string): string =>
  source.replace('./', './dist/').replace(/\.tsx?$/, extension);

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

  it.each(entries)('$key is CommonJS only for what can require no ES module', ({ target }) => {
    // The first condition that holds is taken.
    expect(Object.keys(target)).toEqual([
      'source',
      'module-sync',
      'module',
      'require',
      'types',
      'default',
    ]);
    expect([target['module-sync'], target.module]).toEqual([target.default, target.default]);
    expect(target.require.default).toMatch(/^\.\/dist\/cjs\/[\w-]+\.cjs$/);
    expect(target.require.types).toBe(target.require.default.replace(/\.cjs$/, '.d.cts'));
  });

  it.each(entries)('$key has types for compilers that know no `exports`', ({ key, target }) => {
    const types = key === '.' ? manifest.types : manifest.typesVersions['*'][key.slice(2)]?.[0];
    expect(types).toBe(target.types);
  });

  it.each(entries)('$key, by its published name, is that source', async ({ key, target }) => {
    const names = await namesOf(manifest.name + key.slice(1));
    expect(names).not.toEqual([]);
    expect(names).toEqual(await namesOf(new URL(target.source, root).href));
  });
});

const platforms = Object.entries(manifest.imports)
  // The library as CommonJS, which is built from what is built.
  .filter(([key]) => key !== '#cjs')
  .map(([key, targets]) => ({
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

  // A page is for browsers, and the type checker has a file of its own for it.
  const loadable = platforms.filter(({ key }) => key !== '#inspect-overlay');
  it.each(loadable)('$key exports the same names for Node and browsers', async ({ targets }) => {
    const [node, web] = [targets.node.source, targets.default.source];
    expect(await namesOf(new URL(web, root).href)).toEqual(await namesOf(new URL(node, root).href));
  });
});

describe('package-lock.json', () => {
  it('is the same for each version of npm: only from 11 on does npm write `libc`', () => {
    // `npx npm@10 install` takes them out, and newer versions leave them out.
    expect(readFileSync(new URL('package-lock.json', root), 'utf8')).not.toContain('"libc"');
  });
});
