import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codesIn, documents, fencesOf, read, root, rowsOf } from './documents.ts';

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly license: string;
}

const manifest = JSON.parse(read('package.json')) as Manifest;

describe('README.md', () => {
  it('has a row for each entry point of the package', async () => {
    const entries = Object.keys(manifest.exports)
      .filter((key) => key !== './package.json')
      .map((key) => manifest.name + key.slice(1));
    const rows = rowsOf('README.md').filter(([first = '']) => first.startsWith('`rxmesh'));
    expect(rows.map(([first = '']) => first)).toEqual(entries.map((entry) => `\`${entry}\``));

    for (const [first = '', what = ''] of rows) {
      const exported = (await import(codesIn(first)[0] ?? '')) as object;
      expect(Object.keys(exported)).toEqual(expect.arrayContaining([...codesIn(what)]));
    }
  });

  it('names commands that exist', () => {
    const commands = fencesOf('README.md').filter(({ info }) => info === 'sh');
    const [install, ...own] = commands.map(({ text }) => text);
    const scripts = own.map((text) => /^npm install && npm (\w+)\n$/.exec(text)?.[1]);
    expect(install).toBe('npm install rxmesh rxjs\n');
    expect(scripts).toEqual(['start', 'test']);
    for (const script of scripts) expect(manifest.scripts).toHaveProperty(script ?? '');
  });

  it('names the oldest Node that does, and the licence', () => {
    expect(manifest.engines.node).toBe('>=20.19.0');
    expect(read('README.md')).toContain('Node 20.19 or later');
    expect(read('README.md')).toContain(`[${manifest.license}](LICENSE)`);
  });
});

describe('the documents', () => {
  it.each(documents)('%s names files that exist', (file) => {
    const named = codesIn(read(file).replaceAll(/^```[\s\S]*?^```$/gm, '')).filter((code) =>
      /^(?:lib|operators|transports|spec|examples|docs|scripts|bench)\/[\w./-]+$/.test(code),
    );
    expect(
      named.filter((path) => !existsSync(root + path) && !existsSync(`${root}${path}.ts`)),
    ).toEqual([]);
  });
});
