import { asBytes } from '../model/bytes.ts';
import { RxmeshError } from '../model/error.ts';
import type { Codec } from './codec.ts';

/**
 * The codec of messages that are bytes already. Nothing is copied: the sender leaves the bytes as
 * they are until they are sent, and a receiver that keeps a message keeps the buffer around it.
 *
 * @throws {RxmeshError} `RXMESH_ENCODE_FAILED` for what is not a `Uint8Array`, of whichever realm
 */
export function raw(): Codec<Uint8Array> {
  return {
    encode(message: unknown) {
      const bytes = asBytes(message);
      if (bytes !== undefined) return bytes;
      throw new RxmeshError('RXMESH_ENCODE_FAILED', 'cannot encode the message: it is not bytes');
    },
    decode: (bytes) => bytes,
  };
}
