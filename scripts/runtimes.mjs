/** The runtimes beside Node that take its modules, and where to find them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const suffix = process.platform === 'win32' ? '.exe' : '';

/** By their names: what installs one and tells its path, and what stands in front of a program. */
export const runtimes = {
  bun: { provide: () => provide('bun@1', '@oven', join('bin', `bun${suffix}`)), args: [] },
  deno: {
    provide: () => provide('deno@2', '@deno', `deno${suffix}`),
    args: ['run', '--quiet', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
  },
};

/**
 * Installs a runtime from npm's registry, where it is a package for each platform.
 * @param wanted as npm takes it: `bun@1`
 * @param scope of the platforms' packages, of which npm takes the one that fits
 * @param file the program, in such a package
 * @returns {string} the program's path
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
