import { fromHex } from '../../lib/model/hex.ts';
import type { Libp2pPeerId } from './node.ts';

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** An ed25519 key is 38 bytes of a peer ID, and 52 characters. */
const textLengthMax = 64;
/**
 * What precedes the 32 bytes of the key: an identity hash of 36 bytes, a protobuf with the key's
 * type (1, ed25519) and its length.
 */
const prefix = '002408011220';

/** The ed25519 key in a peer ID (`12D3KooW…`); undefined if it has none. */
export function keyOfPeerId(peerId: string): Uint8Array | undefined {
  // The one zero byte at its start is a digit of its own.
  if (peerId.length > textLengthMax || !/^1[^1]/.test(peerId)) return undefined;
  let value = 0n;
  for (const char of peerId) {
    const digit = alphabet.indexOf(char);
    if (digit < 0) return undefined;
    value = value * 58n + BigInt(digit);
  }
  const hex = value.toString(16).padStart(prefix.length + 64, '0');
  if (!hex.startsWith(prefix) || hex.length !== prefix.length + 64) return undefined;
  return fromHex(hex.slice(prefix.length));
}

/** The ed25519 key of a peer; undefined if it has another kind of key. */
export function ed25519KeyOf({ type, publicKey }: Libp2pPeerId): Uint8Array | undefined {
  return type === 'Ed25519' ? publicKey?.raw : undefined;
}
