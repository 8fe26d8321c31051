import slow from './jest.slow.config.js';

/**
 * The specs that need a real browser: `*.browser.spec.ts`. They want Chromium on this machine, by
 * that name or as `CHROMIUM`.
 *
 * @type {import('jest').Config}
 */
export default {
  ...slow,
  testMatch: ['**/*.browser.spec.ts'],
};
