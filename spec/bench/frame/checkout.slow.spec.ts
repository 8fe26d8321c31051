import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildCheckout, checkoutAt } from '../../../bench/frame/checkout.ts';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'rxmesh-')));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function hasManifest(text: string): void {
  writeFileSync(join(root, 'package.json'), text);
}

const manifest = JSON.stringify({ name: 'rxmesh', scripts: { 'bench:build': 'build it' } });

describe('checkoutAt', () => {
  it('finds the root, and where the processes of its bench will be', () => {
    hasManifest(manifest);
    expect(checkoutAt(root)).toEqual({
      root,
      sides: pathToFileURL(join(root, 'bench/dist/sides/')),
    });
  });

  it('follows links, so that a checkout is known by one path', () => {
    hasManifest(manifest);
    const link = join(root, 'link');
    symlinkSync(root, link);
    expect(checkoutAt(`${link}/`).root).toBe(root);
  });

  it('refuses a path that is not a directory', () => {
    hasManifest(manifest);
    for (const path of ['', join(root, 'missing'), join(root, 'package.json')]) {
      expect(() => checkoutAt(path)).toThrow(
        `--against must be the path of another checkout of rxmesh: there is no directory '${path}'`,
      );
    }
  });

  it('refuses a directory without a package', () => {
    expect(() => checkoutAt(root)).toThrow(`${root} has no package.json that can be read`);
    hasManifest('{');
    expect(() => checkoutAt(root)).toThrow(`${root} has no package.json that can be read`);
  });

  it.each(['{"name":"rxmesh-bench"}', '{"name":"express"}', '{}', 'null', '7'])(
    'refuses the package %s',
    (text) => {
      hasManifest(text);
      expect(() => checkoutAt(root)).toThrow(`package.json in ${root} names '`);
    },
  );

  it('refuses a checkout of before there was a bench', () => {
    for (const scripts of [undefined, null, {}]) {
      hasManifest(JSON.stringify({ name: 'rxmesh', scripts }));
      expect(() => checkoutAt(root)).toThrow('is too old, without bench:build');
    }
  });
});

describe('buildCheckout', () => {
  function build(fails = false): readonly string[] {
    const commands: string[] = [];
    buildCheckout({ root, sides: pathToFileURL(root) }, (args, directory) => {
      expect(directory).toBe(root);
      commands.push(args.filter((arg) => !arg.startsWith('--')).join(' '));
      if (fails) throw new Error('npm ended with code 1');
    });
    return commands;
  }

  it('installs and builds', () => {
    expect(build()).toEqual(['install', 'run bench:build']);
  });

  it('builds only, if something is installed already', () => {
    mkdirSync(join(root, 'node_modules'));
    expect(build()).toEqual(['run bench:build']);
  });

  it('says what failed, and where', () => {
    expect(() => build(true)).toThrow(/^npm install .* failed in \/.*rxmesh-/);
  });
});
