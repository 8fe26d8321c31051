import base from './jest.config.js';

/**
 * The coverage of `npm test` and of slow specs of single modules, with a minimum just below it:
 * raise it when the coverage grows. Specs that drive a browser or other processes are not included,
 * so the `*.web.ts` files look worse than they are.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testTimeout: 240_000,
  testPathIgnorePatterns: [
    '/node_modules/',
    '\\.(browser|proxy|comet|libp2p)\\.spec\\.ts$',
    'spec/(bench|docs|examples|fuzz|package|promises|scripts|simulate)/.*\\.slow\\.spec\\.ts$',
    // Minutes each, or in processes of their own.
    '(accept-contest|commands|kills|main|processes|restarts|stack|worlds)\\.slow\\.spec\\.ts$',
  ],
  collectCoverage: true,
  coverageReporters: ['text-summary', 'html', 'json-summary'],
  coverageThreshold: { global: { statements: 98.5, branches: 95, functions: 98, lines: 98.5 } },
};
