import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where installed CometBFTs are kept, outside the tree. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rxmesh-interop');

/** Fails with one line when there is no Go. */
export function assertGo(): void {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    throw new Error('Go is needed to install CometBFT: https://go.dev/doc/install');
  }
}

/**
 * Installs a released CometBFT through Go's module tools, unless it is in the cache. Returns the
 * path of its program.
 */
export async function installComet(version: string): Promise<string> {
  const directory = join(cache, version);
  const program = join(directory, 'cometbft');
  if (existsSync(program)) {
    console.log(`  CometBFT ${version} is in ${directory}`);
    return program;
  }
  mkdirSync(directory, { recursive: true });
  const beganMs = performance.now();
  const module = `github.com/cometbft/cometbft/cmd/cometbft@${version}`;
  console.log(`  installing ${module}, which takes some minutes the first time`);
  // Other work on this machine goes first.
  await run('nice', ['-n', '10', 'go', 'install', module], {
    env: { ...process.env, GOBIN: directory, GOFLAGS: '-buildvcs=false' },
  });
  console.log(`  installed in ${((performance.now() - beganMs) / 1000).toFixed(0)} s`);
  return program;
}
