import base from './jest.config.js';

// See `spec/support/runs.ts`.
process.env.RXMESH_ALL_RUNS = 'yes';

/**
 * The specs that take more than a second or two, and those of the bench and the scripts:
 * `*.slow.spec.ts`. `npm test` leaves them out. And those of properties, `*.property.spec.ts`, of
 * which `npm test` tries a fifth of the cases, or smaller sizes.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['**/*.slow.spec.ts', '**/*.property.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
};
