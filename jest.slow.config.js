import base from './jest.config.js';

/**
 * The specs that take more than a second or two, and those of the bench and the scripts:
 * `*.slow.spec.ts`. `npm test` leaves them out.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['**/*.slow.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
};
