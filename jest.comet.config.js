import slow from './jest.slow.config.js';

/**
 * The specs that need CometBFT, which they install with Go, and Chromium: `*.comet.spec.ts`.
 *
 * @type {import('jest').Config}
 */
export default {
  ...slow,
  testMatch: ['**/*.comet.spec.ts'],
};
