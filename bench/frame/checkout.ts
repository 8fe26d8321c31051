import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A working tree of rxmesh. */
export interface Checkout {
  readonly root: string;
  /** Directory of the modules for its bench's child processes, once it is built. */
  readonly sides: URL;
}

/** @throws {RangeError} if there is none at that path */
export function checkoutAt(path: string): Checkout {
  const wanted = '--against must be the path of another checkout of rxmesh';
  const full = resolve(path);
  // An empty path would be the current directory.
  if (path === '' || !statSync(full, { throwIfNoEntry: false })?.isDirectory()) {
    throw new RangeError(`${wanted}: there is no directory '${path}'`);
  }
  const root = realpathSync(full);
  const { name, scripts } = manifestOf(root, wanted);
  if (name !== 'rxmesh') {
    throw new RangeError(`${wanted}: package.json in ${root} names '${String(name)}'`);
  }
  if (!hasScript(scripts, buildScript)) {
    throw new RangeError(`${wanted}: the one in ${root} is too old, without ${buildScript}`);
  }
  return { root, sides: pathToFileURL(join(root, 'bench', 'dist', 'sides', '/')) };
}

const buildScript = 'bench:build';

function manifestOf(root: string, wanted: string): { name?: unknown; scripts?: unknown } {
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  } catch (cause) {
    throw new RangeError(`${wanted}: ${root} has no package.json that can be read`, { cause });
  }
  return typeof manifest === 'object' && manifest !== null ? manifest : {};
}

function hasScript(scripts: unknown, name: string): boolean {
  return typeof scripts === 'object' && scripts !== null && Object.hasOwn(scripts, name);
}

/** Runs npm in a directory, and throws if it fails. */
export type RunNpm = (args: readonly string[], directory: string) => void;

/**
 * Builds the checkout and its bench, after installing its dependencies if there are none.
 *
 * @throws {Error} if npm fails; its output is on stderr
 */
export function buildCheckout({ root }: Checkout, runNpm: RunNpm = runNpmHere): void {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const commands = [
    // `--no-save` leaves the lock file unchanged.
    ...(existsSync(join(root, 'node_modules')) ? [] : [['install', '--no-save', ...quiet]]),
    ['run', '--loglevel=error', buildScript],
  ];
  for (const args of commands) {
    try {
      runNpm(args, root);
    } catch (cause) {
      throw new Error(`npm ${args.join(' ')} failed in ${root}`, { cause });
    }
  }
}

function runNpmHere(args: readonly string[], cwd: string): void {
  // stdout is reserved for results.
  execFileSync('npm', args, { cwd, stdio: ['ignore', 2, 2] });
}
