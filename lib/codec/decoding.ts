import { toRxmeshError } from '../model/error.ts';
import type { Codec } from './codec.ts';

type Decode<T> = (bytes: Uint8Array) => T;

const plain: unique symbol = Symbol('plain');

/** The `decode` of a codec of this library. */
interface OwnDecode<T> extends Decode<T> {
  readonly [plain]: Decode<T>;
}

interface OwnCodec<T> extends Codec<T> {
  readonly decode: OwnDecode<T>;
}

/**
 * A `decode` that throws as `Codec` promises, and has a plain form for the router: that throws
 * whatever it meets. An error costs more than the message that it is about, above all its stack. The
 * router makes one for all messages that fail in a turn; with the plain form the codec makes none.
 */
export function decodeOf<T>(told: Decode<T>, plainly: Decode<T>): Decode<T> {
  return Object.assign((bytes: Uint8Array) => told(bytes), { [plain]: plainly });
}

/** The same, where the errors of the one are made of what the other throws. */
export function decodeBy<T>(plainly: Decode<T>): Decode<T> {
  return decodeOf((bytes) => {
    try {
      return plainly(bytes);
    } catch (error) {
      throw toRxmeshError(error, 'RXMESH_DECODE_FAILED', 'cannot decode the message');
    }
  }, plainly);
}

/** The plain form of a codec's `decode`; of a codec from outside, what it has. */
export function plainDecode<T>(codec: Codec<T>): Decode<T> {
  return isOwn(codec) ? codec.decode[plain] : (bytes) => codec.decode(bytes);
}

function isOwn<T>(codec: Codec<T>): codec is OwnCodec<T> {
  const decode: unknown = Reflect.get(codec, 'decode');
  return typeof decode === 'function' && plain in decode;
}
