/** The versions of Node that are tested, and where to find them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every line of Node that people have, the oldest first. */
export const testedMajors = [20, 22, 24, 26];

const root = join(import.meta.dirname, '..');

/**
 * Installs a version of Node from npm's registry, where it is a package for each platform.
 * @param version as npm takes it: `24`, `20.19.0`
 * @returns {string} the folder with `node` in it, for `PATH`
 */
export function provideNode(version) {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const directory = join(root, 'node_modules', '.cache', 'nodes', String(version));
  const bin = join(directory, 'node_modules', name, 'bin');
  if (!existsSync(bin)) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "private": true }');
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
    execFileSync('npm', ['install', ...quiet, `${name}@${version}`], {
      cwd: directory,
      stdio: 'inherit',
    });
  }
  return bin;
}
