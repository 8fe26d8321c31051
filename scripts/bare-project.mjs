/**
 * Creates a project like a user's: outside the repository, with only the packed library and its
 * dependencies.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The module names that users import: `rxmesh`, `rxmesh/operators` ... */
export const entries = Object.keys(manifest.exports)
  .filter((key) => !key.endsWith('.json'))
  .map((key) => manifest.name + key.slice(1));

/** The oldest TypeScript that accepts the declarations: 5.2 introduced `using`. */
export const typescriptMin = '5.2';

const compilerOptions = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  noEmit: true,
  // Examples with several files import each other's sources.
  allowImportingTsExtensions: true,
  typeRoots: [join(root, 'node_modules', '@types')],
};

/** Server programs have Node's types; browser programs must compile without them. */
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

/** Uses every export, so that each declaration is resolved. */
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

/**
 * Installs the packed library, RxJS, and `more`, given as npm package specifiers such as
 * `ws@8.23.0`.
 */
export function install(directory, tarball, more = []) {
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }');
  const named = more.some((name) => name.startsWith('rxjs@'));
  const rxjs = named ? [] : [`rxjs@${manifest.peerDependencies.rxjs}`];
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--silent'];
  execFileSync('npm', ['install', ...quiet, tarball, ...rxjs, ...more], {
    cwd: directory,
    stdio: 'inherit',
  });
}

/**
 * Type-checks programs that use the library, for Node and for browsers.
 *
 * @param tsc path of the compiler's script
 */
export function typecheck(directory, tsc, withExamples = true) {
  if (withExamples)
    cpSync(join(root, 'examples'), join(directory, 'examples'), { recursive: true });
  writeFileSync(join(directory, 'consumer.ts'), consumer);
  for (const [name, project] of Object.entries(projects)) {
    writeFileSync(join(directory, name), JSON.stringify(project));
    execFileSync(process.execPath, [tsc, '-p', name], { cwd: directory, stdio: 'inherit' });
  }
}
