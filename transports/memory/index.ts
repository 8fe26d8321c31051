/**
 * The memory transport: connects nodes within one process, for tests, simulations and applications
 * with several nodes.
 *
 *     const network = new MemoryNetwork();
 *     const transports = [network.transport(identity.id)];
 *     const router = createRouter({ identity, network: 'demo', transports });
 *     // others reach it as `memory:<node ID>`
 */
export { MemoryNetwork, type MemoryNetworkOptions } from './memory-network.ts';
