/**
 * Converts messages of type `T` to bytes and back.
 *
 * Both functions run on the hot path, once per message (for a broadcast, once for all recipients).
 * They throw if they cannot convert; the router catches the error and reports the message as
 * dropped. The codecs of this library throw an `RxmeshError`; your own codec may throw anything.
 */
export interface Codec<T> {
  /**
   * Encodes a message. The bytes wait in lanes until they are sent, so the codec must not write to
   * them again.
   *
   * @throws {RxmeshError} `RXMESH_ENCODE_FAILED` if this codec does not accept the message
   */
  encode(message: T): Uint8Array;
  /**
   * Decodes a message. `bytes` is a view into a larger buffer, so keeping any part of it keeps the
   * whole buffer (at most 64 KiB) alive.
   *
   * @throws {RxmeshError} `RXMESH_DECODE_FAILED` if the bytes are not such a message
   */
  decode(bytes: Uint8Array): T;
}
