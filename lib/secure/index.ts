/**
 * The authenticated, encrypted connection: `secureConnection` speaks rxmesh's own wire over any
 * socket of frames. The other exports are what it shares with CometBFT's wire.
 *
 * @example
 * secureConnection(socket)
 *   .handshake({ identity, nodeInfo })
 *   .subscribe((link) => link.attach(receiver));
 */
export { secureConnection, type SecureConnectionOptions } from './secure-connection.ts';
export type { Protection } from './hello.ts';
export { MerlinTranscript } from './merlin.ts';
export {
  cometRecordKeys,
  cometSecrets,
  type HandshakeSecrets,
  type RecordKeys,
} from './key-schedule.ts';
export { aeadRecords, type RecordCipher } from './records.ts';
