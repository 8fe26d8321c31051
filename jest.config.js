/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Jest would leave one processor idle: of two, that is half.
  maxWorkers: '100%',
  // The library is tested from its sources: package `exports` and `imports` have a condition of
  // that name.
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  roots: ['<rootDir>/spec'],
  testMatch: ['**/*.spec.ts'],
  // jest.slow.config.js and jest.browser.config.js run them.
  testPathIgnorePatterns: ['/node_modules/', '\\.(slow|browser)\\.spec\\.ts$'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
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
