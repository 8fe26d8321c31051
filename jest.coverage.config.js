import base from './jest.config.js';

/**
 * The coverage of `npm test`, with a floor. Slow specs and those that drive a browser are not
 * counted, so the `*.web.ts` files look worse than they are. The floor is what the specs of codecs,
 * of the hub and of goodbye reach alone: a full run is above it, and may raise it.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  // Code that is counted is slower.
  testTimeout: 30_000,
  collectCoverage: true,
  coverageReporters: ['text-summary', 'html', 'json-summary'],
  coverageThreshold: { global: { statements: 70, branches: 67, functions: 61, lines: 70 } },
};
