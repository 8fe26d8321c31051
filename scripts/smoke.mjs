/**
 * Installs the packed library in a bare project, checks its contents, imports every entry point
 * with plain Node, and type-checks programs that use it. This finds imports that Jest's resolver
 * accepts and Node rejects, and types that resolve only inside the repository.
 *
 *     node scripts/smoke.mjs [tarball]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { entries, install, typecheck } from './bare-project.mjs';
import { pack } from './pack.mjs';
import { checkContents } from './package-contents.mjs';

const root = join(import.meta.dirname, '..');

const runtime = entries
  .map(
    (entry) => `
const names = Object.keys(await import('${entry}'));
if (names.length === 0) throw new Error('${entry} exports nothing');
console.log('  ${entry}: ' + names.join(', '));`,
  )
  .map((block) => `{${block}\n}`)
  .join('\n');

const directory = mkdtempSync(join(tmpdir(), 'smoke-'));
try {
  const tarball = process.argv[2] === undefined ? pack(root, directory) : resolve(process.argv[2]);
  install(directory, tarball);
  checkContents(join(directory, 'node_modules', 'rxmesh'));
  console.log('smoke: contents');
  writeFileSync(join(directory, 'run.mjs'), runtime);
  console.log('smoke: entry points');
  execFileSync(process.execPath, ['run.mjs'], { cwd: directory, stdio: 'inherit' });
  typecheck(directory, join(root, 'node_modules', 'typescript', 'bin', 'tsc'));
  console.log('smoke: types, for Node and for browsers');
} finally {
  rmSync(directory, { recursive: true, force: true });
}
