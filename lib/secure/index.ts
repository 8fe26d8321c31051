/**
 * The authenticated, encrypted connection: `secureConnection` speaks rxmesh's own wire over any
 * socket of frames.
 *
 * @example
 * secureConnection(socket)
 *   .handshake({ identity, nodeInfo })
 *   .subscribe((link) => link.attach(receiver));
 */
export { secureConnection, type SecureConnectionOptions } from './secure-connection.ts';
export type { Protection } from './hello.ts';
