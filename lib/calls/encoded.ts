import { mistaken } from '../frames/option-checks.ts';
import type { Codec } from '../index.ts';

/**
 * Encodes a value.
 * @throws what the codec throws, and a `TypeError` if it does not return bytes
 */
export function encoded<T>(codec: Codec<T>, value: T): Uint8Array {
  const bytes = codec.encode(value);
  if (ArrayBuffer.isView(bytes)) return bytes;
  throw mistaken('the result of encode', 'a Uint8Array', bytes);
}
