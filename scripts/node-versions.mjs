/** The versions of Node to test, and how to get them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every major version of Node in use, oldest first. */
export const testedMajors = [20, 22, 24, 26];

const root = join(import.meta.dirname, '..');

/**
 * Installs a version of Node from the npm registry, which has a package for each platform.
 *
 * @param version in npm's syntax, such as `24` or `20.19.0`
 * @returns {string} the folder that contains `node`, for `PATH`
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
