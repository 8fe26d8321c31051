/**
 * Runs a program in TypeScript as one bundle:
 *
 *     node scripts/bundled.mjs PROGRAM [arguments]
 *
 * `tsx` needs no bundle, but gives each function its name as a property, every time that one is
 * created. In large simulations, that takes a fifth of the time and of the memory.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const [program = '', ...args] = process.argv.slice(2);
const { dependencies, peerDependencies, devDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const { outputFiles } = await build({
  entryPoints: [resolve(program)],
  absWorkingDir: root,
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['source'],
  external: Object.keys({ ...dependencies, ...peerDependencies, ...devDependencies }),
  logLevel: 'warning',
});

// Named after its contents, so that programs that run at the same time do not disturb each other.
const [{ text }] = outputFiles;
const directory = join(root, 'node_modules', '.cache', 'bundled');
const bundle = join(directory, `${createHash('sha256').update(text).digest('hex')}.mjs`);
if (!existsSync(bundle)) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${bundle}.${process.pid}`, text);
  renameSync(`${bundle}.${process.pid}`, bundle);
}
process.argv.splice(1, Infinity, bundle, ...args);
await import(pathToFileURL(bundle).href);
