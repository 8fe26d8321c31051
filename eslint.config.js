import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import rxjsX from 'eslint-plugin-rxjs-x';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import rxmesh from './scripts/lint-rules.mjs';

const packageSources = ['lib/**/*.ts', 'operators/**/*.ts', 'transports/**/*.ts'];
const core = ['lib/**/*.ts', 'operators/**/*.ts'];
/** The page of the inspector, a program for browsers. */
const page = 'lib/inspect/page/**';

/**
 * Platform differences and time belong behind `lib/platform` and the clock. `tsconfig.core.json`
 * declares none of these globals; this list shows it in the editor.
 */
const ambientGlobals = [
  'AbortController',
  'Buffer',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'WebSocket',
  '__dirname',
  'atob',
  'btoa',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'document',
  'fetch',
  'global',
  'globalThis',
  'localStorage',
  'location',
  'navigator',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'self',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'structuredClone',
  'window',
].map((name) => ({
  name,
  message: 'inject it: lib/ and operators/ use no ambient time, I/O or platform',
}));

/** Parts of RxJS that use the system's time, always or unless given a scheduler. */
const ambientTime = [
  'animationFrameScheduler',
  'animationFrames',
  'asapScheduler',
  'asyncScheduler',
  'auditTime',
  'bufferTime',
  'debounceTime',
  'delay',
  'interval',
  'sampleTime',
  'throttleTime',
  'timeInterval',
  'timeout',
  'timeoutWith',
  'timer',
  'timestamp',
  'windowTime',
];

const noAmbient = {
  'no-restricted-globals': ['error', ...ambientGlobals],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'take the injected random()' },
  ],
};

const noAmbientTime = {
  'no-restricted-imports': [
    'error',
    {
      paths: ['rxjs', 'rxjs/operators'].map((name) => ({
        name,
        importNames: ambientTime,
        message: 'wait on the injected Clock (lib/flow/clock.ts)',
      })),
    },
  ],
};

const protobufDefault = {
  selector: "ImportDeclaration[source.value='protobufjs/minimal.js'] > ImportDefaultSpecifier",
  message: 'import by name: with moduleResolution node10, the types have no default export',
};

const swallowed = {
  selector: "CallExpression[callee.property.name='catch'] > .arguments[body.body.length=0]",
  message: 'an error is swallowed: handle it or report it',
};

const privateGetter = {
  selector: "MethodDefinition[kind='get'] > PrivateIdentifier.key",
  message:
    'make it a method: V8 takes four times as long for a private getter, and much longer while code is cold',
};

const partialRuns = {
  selector:
    'CallExpression[callee.object.name=/^(describe|it|test)$/][callee.property.name=/^(only|skip|todo)$/]',
  message: 'no specs that are disabled, or that disable others',
};

export default defineConfig(
  globalIgnores([
    '**/dist',
    'coverage',
    'site',
    '.programs',
    '**/node_modules',
    '**/*.generated.*',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, rxjsX.configs.recommended],
    languageOptions: {
      parserOptions: {
        project: [
          'tsconfig.json',
          'tsconfig.web.json',
          'lib/inspect/page/tsconfig.json',
          'examples/comet/page/tsconfig.json',
          'examples/dashboard/page/tsconfig.json',
          'spec/browser/tsconfig.json',
        ],
      },
    },
    rules: {
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    // These are packages of their own: they install their imports, and their own compiler checks
    // the types.
    files: ['bench/**/*.ts', 'spec/libp2p/**/*.ts'],
    ignores: ['bench/frame/**'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { project: null } },
    rules: Object.fromEntries(
      Object.keys(rxjsX.configs.recommended.rules).map((rule) => [rule, 'off']),
    ),
  },
  {
    files: packageSources,
    ignores: [page],
    plugins: { rxmesh },
    rules: {
      'rxmesh/import-down': 'error',
      'rxmesh/documented-exports': 'error',
      'rxmesh/no-wall-clock': 'error',
      'no-restricted-syntax': ['error', swallowed, privateGetter, protobufDefault],
    },
  },
  // The command line is a program for Node, and real time is its time.
  { files: core, ignores: ['lib/platform/**', 'lib/cli/**', page], rules: noAmbient },
  {
    files: packageSources,
    ignores: ['lib/platform/**', 'lib/cli/**', 'lib/flow/clock.ts', page],
    rules: noAmbientTime,
  },
  {
    files: ['spec/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  { files: ['spec/**/*.ts'], rules: { 'no-restricted-syntax': ['error', partialRuns] } },
  prettier,
  {
    // After `prettier`, which turns it off. Prettier takes care of code, but not of comments.
    rules: {
      'max-len': [
        'error',
        { code: 1_000, comments: 100, ignoreUrls: true, ignorePattern: 'eslint-disable' },
      ],
    },
  },
);
