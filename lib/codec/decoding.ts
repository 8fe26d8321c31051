import { toRxmeshError } from '../model/error.ts';
import type { Codec } from './codec.ts';

type Decode<T> = (bytes: Uint8Array) => T;

const plain: unique symbol = Symbol('plain');

/** The `decode` function of this library's codecs. */
interface OwnDecode<T> extends Decode<T> {
  readonly [plain]: Decode<T>;
}

interface OwnCodec<T> extends Codec<T> {
  readonly decode: OwnDecode<T>;
}

/**
 * Combines a `decode` function that throws as `Codec` promises with a plain one for the router,
 * which throws whatever error it meets. Creating an error, and above all its stack trace, costs
 * more than the message it is about. The router creates one for all messages that fail in a turn;
 * with the plain function, the codec adds none of its own.
 */
export function decodeOf<T>(checked: Decode<T>, plainly: Decode<T>): Decode<T> {
  return Object.assign((bytes: Uint8Array) => checked(bytes), { [plain]: plainly });
}

/** The same for a single function: its errors are converted to those that `Codec` promises. */
export function decodeBy<T>(plainly: Decode<T>): Decode<T> {
  return decodeOf((bytes) => {
    try {
      return plainly(bytes);
    } catch (error) {
      throw toRxmeshError(error, 'RXMESH_DECODE_FAILED', 'cannot decode the message');
    }
  }, plainly);
}

/** The plain `decode` of a codec, or for a codec from elsewhere, the only one it has. */
export function plainDecode<T>(codec: Codec<T>): Decode<T> {
  return isOwn(codec) ? codec.decode[plain] : (bytes) => codec.decode(bytes);
}

function isOwn<T>(codec: Codec<T>): codec is OwnCodec<T> {
  const decode: unknown = Reflect.get(codec, 'decode');
  return typeof decode === 'function' && plain in decode;
}
