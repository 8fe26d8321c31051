import { asBytes } from '../model/bytes.ts';
import { described } from '../model/described.ts';
import { RxmeshError } from '../model/error.ts';
import type { Codec } from './codec.ts';

/**
 * A codec for messages that are already bytes. Nothing is copied: the sender must not change the
 * bytes until they are sent, and a receiver that keeps a message keeps the buffer around it alive.
 *
 * @throws {RxmeshError} `RXMESH_ENCODE_FAILED` if the message is not a `Uint8Array` (of any realm)
 */
export function raw(): Codec<Uint8Array> {
  return {
    encode(message: unknown) {
      const bytes = asBytes(message);
      if (bytes !== undefined) return bytes;
      const text = `raw() takes a Uint8Array, got ${kindIn(message)}`;
      throw new RxmeshError('RXMESH_ENCODE_FAILED', text);
    },
    decode: (bytes) => bytes,
  };
}

/** The kind of a message, without what is in it: messages do not belong in logs. */
function kindIn(message: unknown): string {
  if (message === null || message === undefined || typeof message === 'object') {
    return described(message);
  }
  return `a ${typeof message}`;
}
