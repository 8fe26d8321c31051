import { RxmeshError, toRxmeshError } from '../model/error.ts';
import { checkMethod } from '../model/check-function.ts';
import {
  aFunction,
  aNumber,
  checkOptions,
  type OptionKinds,
  required,
} from '../model/check-options.ts';
import { mustBe } from '../model/described.ts';
import type { Codec } from './codec.ts';
import { decodeOf, plainDecode } from './decoding.ts';

/** Limits that `limited` enforces. */
export interface MessageLimits {
  /** The longest encoded message to send or decode, in bytes. An integer of at least 1. */
  readonly messageBytesMax: number;
  /**
   * Called with the bytes of each received message before they are decoded; throws to refuse them.
   * A few bytes can decode to a huge object: in protobuf, two bytes are an empty submessage. Here
   * they can be counted with a scan, before anything is allocated.
   */
  readonly inspect?: (bytes: Uint8Array) => void;
}

const limitKinds: OptionKinds<MessageLimits> = {
  messageBytesMax: required(aNumber),
  inspect: aFunction,
};

/**
 * Limits the encoded messages of another codec, in both directions.
 *
 * @throws {RangeError} immediately, if `messageBytesMax` is out of range
 * @throws {RxmeshError} what `codec` throws; `RXMESH_MESSAGE_TOO_LARGE`; `RXMESH_DECODE_FAILED` if
 *   `inspect` throws anything but an `RxmeshError`
 */
export function limited<T>(codec: Codec<T>, limits: MessageLimits): Codec<T> {
  for (const method of ['encode', 'decode']) checkMethod('limited: codec', codec, method);
  checkOptions('limited', limits, limitKinds);
  const { messageBytesMax, inspect } = limits;
  if (!Number.isSafeInteger(messageBytesMax) || messageBytesMax < 1) {
    throw new RangeError(
      `limited: ${mustBe('messageBytesMax', 'an integer of at least 1', messageBytesMax)}`,
    );
  }

  const assertSize = (bytes: Uint8Array): void => {
    if (bytes.length <= messageBytesMax) return;
    throw new RxmeshError(
      'RXMESH_MESSAGE_TOO_LARGE',
      `a message of ${bytes.length} bytes is larger than messageBytesMax, ${messageBytesMax}`,
    );
  };

  const decode = plainDecode(codec);
  return {
    encode(message) {
      const bytes = codec.encode(message);
      assertSize(bytes);
      return bytes;
    },
    decode: decodeOf(
      (bytes) => {
        assertSize(bytes);
        try {
          inspect?.(bytes);
        } catch (error) {
          throw toRxmeshError(error, 'RXMESH_DECODE_FAILED', 'inspect refused the message');
        }
        return codec.decode(bytes);
      },
      (bytes) => {
        assertSize(bytes);
        inspect?.(bytes);
        return decode(bytes);
      },
    ),
  };
}
