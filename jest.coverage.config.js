import base from './jest.config.js';

/**
 * The coverage of `npm test`, with a minimum. Slow specs and those that drive a browser are not
 * included, so the `*.web.ts` files look worse than they are. The minimum is what the specs of
 * codecs, the hub and goodbye reach on their own; a full run is above it, and may raise it.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  // Instrumented code is slower.
  testTimeout: 30_000,
  collectCoverage: true,
  coverageReporters: ['text-summary', 'html', 'json-summary'],
  coverageThreshold: { global: { statements: 70, branches: 67, functions: 61, lines: 70 } },
};
