import { platformCrypto } from '#platform/crypto';
import {
  type Identity,
  isNodeId,
  nodeIdFromPublicKey,
  type NodeId,
  verifySignature,
} from '../index.ts';
import { type Frame, idBytes } from './frame.ts';
import { preimageOf, protocol } from './preimage.ts';

const keyBytes = 32;

/** The hash of a message, and its ID: the first 20 bytes of the hash. */
export interface Digest {
  /** The ID, as a text with a character for each byte. */
  readonly id: string;
  readonly hash: Uint8Array;
}

/** The hash of everything that the origin says. */
export function digestOf(frame: Frame, channel: number): Digest {
  const hash = platformCrypto.sha256(preimageOf(frame, channel));
  return { id: textOf(hash, 0), hash };
}

/** Signs a message as its origin. */
export function signatureOf(identity: Identity, digest: Digest): Uint8Array {
  return identity.sign(signedBytes(digest));
}

/** Whether the signature of a message is that of its key. */
export function isSigned({ key, signature }: Frame, digest: Digest): boolean {
  return verifySignature(key, signedBytes(digest), signature);
}

/** The node that a message names as its origin; undefined if it names none. */
export function originOf({ key, origin }: Frame, signed: boolean): NodeId | undefined {
  if (signed) {
    return key.length === keyBytes && origin === '' ? nodeIdFromPublicKey(key) : undefined;
  }
  return key.length === 0 && isNodeId(origin) ? origin : undefined;
}

/** The ID at a place of a list of IDs, as a text with a character for each byte. */
export function textOf(ids: Uint8Array, at: number): string {
  // Written out, since there is one for each announcement: a view and its spread would take eight
  // times as long, and a text that is added up is put together only when a map asks for its hash.
  const code = (nth: number): number => ids[at + nth] ?? 0;
  // prettier-ignore
  return String.fromCharCode(
    code(0), code(1), code(2), code(3), code(4), code(5), code(6), code(7), code(8), code(9),
    code(10), code(11), code(12), code(13), code(14), code(15), code(16), code(17), code(18), code(19),
  );
}

/** IDs behind each other, the inverse of `textOf`. */
export function bytesOf(ids: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * idBytes);
  ids.forEach((id, n) => {
    for (let at = 0; at < idBytes; at += 1) bytes[n * idBytes + at] = id.charCodeAt(at);
  });
  return bytes;
}

/** The hash alone could be that of anything. */
function signedBytes({ hash }: Digest): Uint8Array {
  const bytes = new Uint8Array(protocol.length + 1 + hash.length);
  for (let at = 0; at < protocol.length; at += 1) bytes[at] = protocol.charCodeAt(at);
  bytes.set(hash, protocol.length + 1);
  return bytes;
}
