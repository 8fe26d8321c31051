/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/spec/support/environment.mjs',
  // By default, Jest leaves one processor idle, which is half of a machine with two.
  maxWorkers: '100%',
  // Modules of earlier specs are never freed, so collecting garbage takes ever longer.
  workerIdleMemoryLimit: '350MB',
  // Test the library from its sources, through the `source` condition in package `exports` and
  // `imports`.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  // RxJS in one file: each spec loads it anew, and its modules are hundreds.
  moduleNameMapper: {
    '^rxjs$': '<rootDir>/node_modules/rxjs/dist/bundles/rxjs.umd.js',
    '^rxjs/testing$': '<rootDir>/spec/support/rxjs-testing.cjs',
  },
  setupFilesAfterEnv: [
    '<rootDir>/spec/support/unhandled.setup.ts',
    '<rootDir>/spec/support/expect.setup.ts',
    '<rootDir>/spec/support/stacks.setup.ts',
  ],
  // Generous, so that no test fails only because the machine is busy.
  testTimeout: 60_000,
  roots: ['<rootDir>/spec'],
  testMatch: ['**/*.spec.ts'],
  // Each has a jest.*.config.js of its own.
  testPathIgnorePatterns: ['/node_modules/', '\\.(slow|browser|proxy|comet|libp2p)\\.spec\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        // In files of their own: within the code, they make modules slower to load.
        sourceMaps: true,
        jsc: {
          parser: { syntax: 'typescript' },
          target: 'es2022',
          transform: { verbatimModuleSyntax: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['{lib,operators,transports}/**/*.ts'],
};
