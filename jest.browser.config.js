import slow from './jest.slow.config.js';

/**
 * The specs that need a real browser: `*.browser.spec.ts`. They need Chromium, either installed on
 * the system or at the path in `CHROMIUM`.
 *
 * @type {import('jest').Config}
 */
export default {
  ...slow,
  testMatch: ['**/*.browser.spec.ts'],
};
