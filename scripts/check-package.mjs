/**
 * Checks the package as published: packs it, runs publint and attw on the tarball, and installs it
 * in a bare project (`smoke.mjs`) and as the recipe for Docker says (`docker-recipe.mjs`).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pack } from './pack.mjs';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules', '.bin', name);

const directory = mkdtempSync(join(tmpdir(), 'package-'));
try {
  const tarball = pack(root, directory);
  const checks = [
    [bin('publint'), 'run', tarball, '--strict'],
    [bin('attw'), tarball],
    [process.execPath, join(root, 'scripts', 'smoke.mjs'), tarball],
    [process.execPath, join(root, 'scripts', 'docker-recipe.mjs'), tarball],
  ];
  for (const [command, ...args] of checks) {
    const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
    if (error !== undefined) throw error;
    if (status === 0) continue;
    console.error(`failed: ${basename(command)} ${args.join(' ')}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
