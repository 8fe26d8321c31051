/**
 * Turns messages of type `T` into bytes and back.
 *
 * Both functions are called on the hot path, once a message (for a broadcast: once for all its
 * recipients), and throw when they cannot: the router catches, and reports the message as dropped.
 * The codecs of this library throw an `RxmeshError`; a codec of your own may throw anything.
 */
export interface Codec<T> {
  /**
   * The bytes of a message. They wait in lanes until they are sent, so the codec must not write to
   * them again.
   *
   * @throws {RxmeshError} `RXMESH_ENCODE_FAILED` when `message` is not one that this codec takes
   */
  encode(message: T): Uint8Array;
  /**
   * The message in `bytes`, which are a view into a larger buffer: whoever keeps a part of them
   * keeps that buffer (at most 64 KiB) alive.
   *
   * @throws {RxmeshError} `RXMESH_DECODE_FAILED` when they are not such a message
   */
  decode(bytes: Uint8Array): T;
}
