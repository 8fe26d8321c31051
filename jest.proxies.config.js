import base from './jest.config.js';

/**
 * The specs that need nginx and Caddy: `*.proxy.spec.ts`. `npm test` leaves them out.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['**/*.proxy.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};
