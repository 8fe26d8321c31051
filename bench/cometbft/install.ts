import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The directory of the Go files, seen from the built file. */
const sources = fileURLToPath(new URL('../../cometbft/', import.meta.url));
const files = ['go.mod', 'item.go', 'main.go'] as const;

/** Where programs are kept, outside the tree, each under the digest of its sources. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rxmesh-bench');
const directory = join(cache, digestOf(files));

/** The built program. */
export const programPath: string = join(directory, 'cometbft');

function digestOf(names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names) hash.update(readFileSync(join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}

/** Whether there is a Go to build it with. */
export function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Builds the program, unless it is in the cache. Go's tools fetch CometBFT, which takes some
 * minutes the first time.
 *
 * @throws {Error} if there is no Go, or it fails; its output is on stderr
 */
export function install(log: (text: string) => void): void {
  if (existsSync(programPath)) return;
  if (!hasGo()) throw new Error('Go is needed to build it: https://go.dev/doc/install');
  log("building CometBFT's p2p, which takes some minutes the first time");
  mkdirSync(directory, { recursive: true });
  for (const name of files) copyFileSync(join(sources, name), join(directory, name));
  // `mod` lets it write go.sum, beside the copies.
  execFileSync('go', ['build', '-mod=mod', '-buildvcs=false', '-o', programPath, '.'], {
    cwd: directory,
    stdio: ['ignore', 2, 2],
  });
}
