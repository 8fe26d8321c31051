/**
 * The transport of CometBFT, whose nodes make up the networks of Cosmos. For Node.
 *
 *     const router = createRouter({
 *       identity,
 *       network: 'cosmoshub-4',
 *       protocolVersion: { block: 11, app: 0 },
 *       transports: [comet()],
 *       peers: { persistent: ['tcp://<node ID>@203.0.113.7:26656'] },
 *     });
 */
export { comet } from './comet-transport.ts';
export type { CometListenOptions, CometOptions } from './options.ts';
export * from './reactors/index.ts';
