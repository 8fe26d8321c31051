import { toRxmeshError } from '../model/error.ts';

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
 * Wraps a message.
 *
 * @throws {RxmeshError} what `wrap` throws, if that is one, else `RXMESH_ENCODE_FAILED`
 */
export function wrapMessage<Outer, Inner>(wrapper: Wrapper<Outer, Inner>, inner: Inner): Outer {
  try {
    return wrapper.wrap(inner);
  } catch (error) {
    throw toRxmeshError(error, 'RXMESH_ENCODE_FAILED', 'cannot wrap the message');
  }
}

/**
 * Unwraps a message.
 *
 * @throws {RxmeshError} what `unwrap` throws, if that is one, else `RXMESH_DECODE_FAILED`
 */
export function unwrapMessage<Outer, Inner>(wrapper: Wrapper<Outer, Inner>, outer: Outer): Inner {
  try {
    return wrapper.unwrap(outer);
  } catch (error) {
    throw toRxmeshError(error, 'RXMESH_DECODE_FAILED', 'cannot unwrap the message');
  }
}
