import { toRxmeshError } from '../model/error.ts';

/** Converts messages of type `Inner` to and from those of type `Outer` that carry them. */
export interface Wrapper<Outer, Inner> {
  /**
   * Returns the message to send. Throws if the outer message cannot carry this inner one. May
   * accept messages that are wrapped already.
   */
  wrap(inner: Inner): Outer;
  /** Returns the message inside. Throws if `outer` carries none. */
  unwrap(outer: Outer): Inner;
}

/**
 * Wraps a message.
 *
 * @throws {RxmeshError} the error of `wrap` if it is an `RxmeshError`, else `RXMESH_ENCODE_FAILED`
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
 * @throws {RxmeshError} the error of `unwrap` if it is an `RxmeshError`, else
 *   `RXMESH_DECODE_FAILED`
 */
export function unwrapMessage<Outer, Inner>(wrapper: Wrapper<Outer, Inner>, outer: Outer): Inner {
  try {
    return wrapper.unwrap(outer);
  } catch (error) {
    throw toRxmeshError(error, 'RXMESH_DECODE_FAILED', 'cannot unwrap the message');
  }
}
