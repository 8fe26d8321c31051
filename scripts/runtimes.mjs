/** The runtimes other than Node that run its modules, and how to get them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const suffix = process.platform === 'win32' ? '.exe' : '';

/**
 * By name: a function that installs the runtime and returns its path, and the arguments before a
 * program.
 */
export const runtimes = {
  bun: { provide: () => provide('bun@1', '@oven', join('bin', `bun${suffix}`)), args: [] },
  deno: {
    provide: () => provide('deno@2', '@deno', `deno${suffix}`),
    args: ['run', '--quiet', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
  },
};

/**
 * Installs a runtime from the npm registry, which has a package for each platform.
 *
 * @param wanted in npm's syntax, such as `bun@1`
 * @param scope of the platform packages, of which npm installs the matching one
 * @param file path of the executable within such a package
 * @returns {string} the path of the executable
 */
function provide(wanted, scope, file) {
  const directory = join(root, 'node_modules', '.cache', 'runtimes', wanted);
  const find = () => {
    const packages = join(directory, 'node_modules', scope);
    const names = existsSync(packages) ? readdirSync(packages) : [];
    return names.map((name) => join(packages, name, file)).find((path) => existsSync(path));
  };
  if (find() === undefined) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), '{ "private": true }');
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
    execFileSync('npm', ['install', ...quiet, wanted], { cwd: directory, stdio: 'inherit' });
  }
  const found = find();
  if (found === undefined) throw new Error(`${wanted} has no program for this platform`);
  return found;
}
