/**
 * The rows of the matrix: small projects with only the setup that a user would write.
 *
 * `kit` names the packages installed along with rxmesh (`kits`). `files` are written, then Node
 * runs with each of `runs` as its arguments, where `~` is the folder `node_modules`. `node` is the
 * version of Node, if it matters.
 */
import { typescriptMin } from '../bare-project.mjs';
import * as programs from './programs.mjs';

/**
 * Each kit is installed once. Jest finds its parts by name, so each of its versions needs its own
 * kit.
 */
export const kits = {
  plain: [],
  // Like pnpm: a program can import only packages that it depends on directly.
  nested: ['--install-strategy=nested'],
  jest29: ['jest@29', 'jest-environment-jsdom@29', 'ts-jest@29', 'typescript@5', '@types/jest@29'],
  jest30: ['jest@30', 'jest-environment-jsdom@30'],
  // The newest major versions that support the oldest Node that rxmesh supports.
  tools: ['vite@8', 'vitest@4', 'jsdom@27', 'webpack@5', 'esbuild'],
  compilers: [
    `min@npm:typescript@${typescriptMin}`,
    'five@npm:typescript@5',
    'newest@npm:typescript@latest',
    '@types/node@20',
  ],
};

const commonJs = '{ "private": true }';
const esModule = '{ "private": true, "type": "module" }';

const jest = (version) => [
  {
    name: `Jest ${version}, require`,
    kit: `jest${version}`,
    files: { 'package.json': commonJs, 'a.test.js': programs.cjsTest },
    runs: [['~/jest/bin/jest.js', '--ci']],
  },
  {
    name: `Jest ${version}, require, jsdom`,
    kit: `jest${version}`,
    files: {
      'package.json': commonJs,
      // Jest's jsdom lacks these browser APIs, which protobufjs needs.
      'text.js': `const { TextDecoder, TextEncoder } = require('node:util');
Object.assign(globalThis, { TextDecoder, TextEncoder });`,
      'jest.config.js': `module.exports = { testEnvironment: 'jsdom', setupFiles: ['./text.js'] };`,
      'a.test.js': programs.cjsWebTest,
    },
    runs: [['~/jest/bin/jest.js', '--ci']],
  },
  {
    name: `Jest ${version}, import`,
    kit: `jest${version}`,
    files: {
      'package.json': esModule,
      'jest.config.js': 'export default { transform: {} };',
      'a.test.js': programs.esmTest,
    },
    runs: [['--experimental-vm-modules', '~/jest/bin/jest.js', '--ci']],
  },
];

const vite = `
import { build } from 'vite';
await build({
  logLevel: 'warn',
  build: { lib: { entry: 'main.js', formats: ['es'], fileName: 'out' }, outDir: 'out' },
});
`;

const esbuild = `
import { build } from 'esbuild';
await build({ entryPoints: ['main.js'], bundle: true, format: 'esm', outfile: 'out/out.js' });
`;

const webpack = `
import webpack from 'webpack';
const path = import.meta.dirname + '/out';
const output = { path, filename: 'out.js' };
const optimization = { minimize: false };
const options = { mode: 'production', target: 'web', entry: './main.js', output, optimization };
webpack(options, (error, stats) => {
  if (error !== null || stats.hasErrors()) throw error ?? new Error(stats.toString());
});
`;

/** Bundles for browsers, then runs the bundle in Node. */
const bundler = (name, script) => ({
  name: `${name}, import and require`,
  kit: 'tools',
  files: {
    'package.json': esModule,
    'main.js': programs.mixed,
    'required.cjs': programs.required,
    'bundle.js': script,
  },
  runs: [['bundle.js'], ['out/out.js']],
  prints: 'hello',
});

const vitest = (environment) => ({
  name: `vitest, ${environment}`,
  kit: 'tools',
  files: { 'package.json': esModule, 'a.test.js': programs.vitestTest },
  runs: [['~/vitest/vitest.mjs', 'run', '--environment', environment]],
});

/** All of TypeScript's module resolution modes. */
const resolution = {
  'nodenext, ES modules': { file: 'use.mts', module: 'nodenext' },
  'nodenext, CommonJS': { file: 'use.cts', module: 'nodenext' },
  'node16, CommonJS': { file: 'use.cts', module: 'node16' },
  bundler: { file: 'use.ts', module: 'esnext', moduleResolution: 'bundler' },
  node10: { file: 'use.ts', module: 'commonjs', moduleResolution: 'node10' },
};

const compiled = (version, label, ways) =>
  ways.map((way) => {
    const { file, ...options } = resolution[way];
    const flags = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]);
    return {
      name: `TypeScript ${label}, ${way}`,
      kit: 'compilers',
      files: {
        'package.json': commonJs,
        [file]: programs.typed,
      },
      runs: [
        [
          `~/${version}/bin/tsc`,
          ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022'],
          ...['--types', 'node', ...flags, file],
        ],
      ],
    };
  });

const modern = Object.keys(resolution).filter((way) => way !== 'node10');

export const rows = [
  ...[undefined, '20.19.0'].flatMap((node) => [
    {
      name: `Node ${node ?? process.versions.node}, import`,
      kit: 'plain',
      node,
      files: { 'package.json': esModule, 'a.js': programs.esm },
      runs: [['a.js']],
    },
    {
      name: `Node ${node ?? process.versions.node}, require and import`,
      kit: 'plain',
      node,
      files: { 'package.json': commonJs, 'a.js': programs.cjs },
      runs: [['--disable-warning=ExperimentalWarning', 'a.js']],
    },
  ]),
  {
    name: 'Node, nothing hoisted',
    kit: 'nested',
    files: {
      'package.json': esModule,
      'a.js': programs.esm,
      'hoisted.js': `import('protobufjs').then(() => process.exit(1), () => console.log('missing'));`,
    },
    runs: [['a.js'], ['hoisted.js']],
    prints: 'missing',
  },
  ...[true, false].map((isModule) => ({
    name: `node:test, ${isModule ? 'import' : 'require'}`,
    kit: 'plain',
    files: {
      'package.json': isModule ? esModule : commonJs,
      'a.test.js': programs.nodeTest(isModule),
    },
    runs: [['--test']],
  })),
  ...jest(29),
  {
    name: 'Jest 29, ts-jest',
    kit: 'jest29',
    files: {
      'package.json': commonJs,
      'tsconfig.json': '{ "compilerOptions": { "strict": true, "target": "es2022" } }',
      'jest.config.js': `module.exports = { preset: 'ts-jest' };`,
      'a.test.ts': programs.typedTest,
    },
    runs: [['~/jest/bin/jest.js', '--ci']],
  },
  ...jest(30),
  vitest('node'),
  vitest('jsdom'),
  bundler('Vite', vite),
  bundler('esbuild', esbuild),
  bundler('webpack', webpack),
  ...compiled('min', typescriptMin, Object.keys(resolution)),
  ...compiled('five', '5, the newest', ['node10']),
  ...compiled('newest', 'newest', modern),
];
