/**
 * Installs the packed library in a bare project, imports every entry point with plain Node, and
 * type-checks programs that use it. Jest's resolver accepts imports that Node refuses, and types that
 * resolve inside the repository may not outside.
 *
 *     node scripts/smoke.mjs [tarball]
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pack } from './pack.mjs';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(manifest.exports)
  .filter((key) => !key.endsWith('.json'))
  .map((key) => manifest.name + key.slice(1));

const compilerOptions = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  // Examples of several files import each other as sources.
  allowImportingTsExtensions: true,
  typeRoots: [join(root, 'node_modules', '@types')],
};

/** A server sees Node's types; a browser's program must get along without them. */
const projects = {
  'tsconfig.node.json': {
    compilerOptions: {
      ...compilerOptions,
      module: 'nodenext',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
    },
    include: ['consumer.ts', 'examples/*.ts'],
  },
  'tsconfig.web.json': {
    compilerOptions: {
      ...compilerOptions,
      module: 'esnext',
      moduleResolution: 'bundler',
      lib: ['es2023', 'dom'],
      types: [],
    },
    include: ['consumer.ts'],
  },
};

const runtime = entries
  .map(
    (entry) => `
const names = Object.keys(await import('${entry}'));
if (names.length === 0) throw new Error('${entry} exports nothing');
console.log('  ${entry}: ' + names.join(', '));`,
  )
  .map((block) => `{${block}\n}`)
  .join('\n');

/** Takes the type of every export, so that each declaration is resolved. */
const consumer = entries
  .map(
    (entry, index) => `
import * as entry${index} from '${entry}';
const all${index}: Record<string, unknown> = { ...entry${index} };
console.log(all${index});`,
  )
  .join('\n')
  .concat(
    `
import { RxmeshError, type ErrorCode } from '${manifest.name}';
const code: ErrorCode = new RxmeshError('RXMESH_STOPPED', 'stopped').code;
// @ts-expect-error the types are real, not any
const wrong: number = code;
console.log(wrong);`,
  );

function install(directory, tarball) {
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }');
  const rxjs = `rxjs@${manifest.peerDependencies.rxjs}`;
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--silent'];
  execFileSync('npm', ['install', ...quiet, tarball, rxjs], { cwd: directory, stdio: 'inherit' });
}

function typecheck(directory) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const examples = join(root, 'examples');
  if (existsSync(examples)) cpSync(examples, join(directory, 'examples'), { recursive: true });
  writeFileSync(join(directory, 'consumer.ts'), consumer);
  for (const [name, project] of Object.entries(projects)) {
    writeFileSync(join(directory, name), JSON.stringify(project));
    execFileSync(process.execPath, [tsc, '-p', name], { cwd: directory, stdio: 'inherit' });
    console.log(`smoke: ${project.include.join(', ')} type-check with ${name}`);
  }
}

const directory = mkdtempSync(join(tmpdir(), 'smoke-'));
try {
  const tarball = process.argv[2] === undefined ? pack(root, directory) : resolve(process.argv[2]);
  install(directory, tarball);
  writeFileSync(join(directory, 'run.mjs'), runtime);
  console.log('smoke: entry points');
  execFileSync(process.execPath, ['run.mjs'], { cwd: directory, stdio: 'inherit' });
  typecheck(directory);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
