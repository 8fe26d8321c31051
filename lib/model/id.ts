import { platformCrypto } from '#platform/crypto';
import { described } from './described.ts';
import { RxmeshError } from './error.ts';
import { fromHex, toHex } from './hex.ts';
import { type NodeId, uncheckedNodeId } from './node-id.ts';
import { quote } from './quote.ts';

export type { NodeId } from './node-id.ts';

const NODE_ID = /^[0-9a-f]{40}$/;

/** Whether `text` is a node ID: exactly 40 lower-case hex digits. */
export function isNodeId(text: string): text is NodeId {
  // A pattern takes an array with one ID for the ID.
  const given: unknown = text;
  return typeof given === 'string' && NODE_ID.test(given);
}

/** An address that contains a node ID, as `parseNodeAddress` reads it. */
const ADDRESS = /^(?:(?:[a-z][a-z0-9+.-]*:\/\/)?[0-9a-f]{40}@|[a-z][a-z0-9+.-]*:[0-9a-f]{40}$)/i;

/**
 * The end of an error message about what should be a node ID: how to get the ID, if the value is an
 * address. Empty otherwise.
 */
export function addressHint(given: unknown): string {
  if (typeof given === 'object' && given !== null && 'id' in given) return ': use its id';
  if (typeof given !== 'string' || !ADDRESS.test(given)) return '';
  return ', which is an address: use parseNodeAddress(address).id';
}

/**
 * Parses a node ID of 40 hex digits in either case.
 * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`
 */
export function parseNodeId(text: string): NodeId {
  // The caller may be plain JavaScript.
  const given: unknown = text;
  const id = typeof given === 'string' ? given.toLowerCase() : '';
  if (isNodeId(id)) return id;
  const fault = `a node ID must be 40 hex digits, got ${described(given)}${addressHint(given)}`;
  throw new RxmeshError('RXMESH_NODE_ID_INVALID', fault);
}

/**
 * The node ID of an ed25519 public key.
 * @throws {RxmeshError} `RXMESH_KEY_INVALID`: the key is not 32 bytes long
 */
export function nodeIdFromPublicKey(publicKey: Uint8Array): NodeId {
  if (publicKey.length !== 32) {
    throw new RxmeshError(
      'RXMESH_KEY_INVALID',
      `an ed25519 public key must be 32 bytes, got ${publicKey.length}`,
    );
  }
  return uncheckedNodeId(toHex(platformCrypto.sha256(publicKey).subarray(0, 20)));
}

/**
 * The 20 bytes of a node ID, or no bytes for the empty string, which means "unknown".
 * @throws {RxmeshError} `RXMESH_NODE_ID_INVALID`: not hex, or an odd number of digits
 */
export function nodeIdToBytes(id: NodeId): Uint8Array {
  const bytes = fromHex(id);
  if (bytes !== undefined) return bytes;
  throw new RxmeshError(
    'RXMESH_NODE_ID_INVALID',
    `a node ID must be 40 hex digits, got ${quote(id)}`,
  );
}
