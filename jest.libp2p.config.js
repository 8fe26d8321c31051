import base from './jest.config.js';

/**
 * The specs that need libp2p: `*.libp2p.spec.ts`. `npm run test:libp2p` installs what they import,
 * which is not in the node_modules of this repository.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['**/*.libp2p.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 120_000,
};
