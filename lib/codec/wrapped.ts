import { toRxmeshError } from '../model/error.ts';
import type { Codec } from './codec.ts';

/** How messages of type `Inner` travel inside one of type `Outer`. */
export interface Wrapper<Outer, Inner> {
  /**
   * The message to send. Throws for an inner message that the outer one does not carry. May let
   * through what is wrapped already.
   */
  wrap(inner: Inner): Outer;
  /** The message that was sent. Throws when `outer` carries none. */
  unwrap(outer: Outer): Inner;
}

/**
 * A codec that wraps each message before it is encoded and unwraps each after it was decoded,
 * once each.
 *
 *     wrapped(protobuf(Envelope), {
 *       wrap: (text: string) => ({ version: 1, text }),
 *       unwrap: (envelope) => envelope.text,
 *     })
 *
 * @throws {RxmeshError} what `codec` throws; `RXMESH_ENCODE_FAILED` when `wrap` throws;
 *   `RXMESH_DECODE_FAILED` when `unwrap` throws
 */
export function wrapped<Outer, Inner>(
  codec: Codec<Outer>,
  wrapper: Wrapper<Outer, Inner>,
): Codec<Inner> {
  return {
    encode(message) {
      let outer: Outer;
      try {
        outer = wrapper.wrap(message);
      } catch (error) {
        throw toRxmeshError(error, 'RXMESH_ENCODE_FAILED', 'cannot wrap the message');
      }
      return codec.encode(outer);
    },
    decode(bytes) {
      const outer = codec.decode(bytes);
      try {
        return wrapper.unwrap(outer);
      } catch (error) {
        throw toRxmeshError(error, 'RXMESH_DECODE_FAILED', 'cannot unwrap the message');
      }
    },
  };
}
