import { checkMethod } from '../model/check-function.ts';
import type { Codec } from './codec.ts';
import { decodeOf, plainDecode } from './decoding.ts';
import { unwrapMessage, wrapMessage, type Wrapper } from './wrapper.ts';

/**
 * A codec that wraps each message before encoding it and unwraps it after decoding.
 *
 *     wrapped(protobuf(Envelope), {
 *       wrap: (text: string) => ({ version: 1, text }),
 *       unwrap: (envelope) => envelope.text,
 *     })
 *
 * The operators `wrap` and `unwrap` do the same for the messages of envelopes.
 *
 * @throws {RxmeshError} what `codec` throws; `RXMESH_ENCODE_FAILED` if `wrap` throws;
 *   `RXMESH_DECODE_FAILED` if `unwrap` throws
 */
export function wrapped<Outer, Inner>(
  codec: Codec<Outer>,
  wrapper: Wrapper<Outer, Inner>,
): Codec<Inner> {
  for (const method of ['encode', 'decode']) checkMethod('wrapped: codec', codec, method);
  for (const method of ['wrap', 'unwrap']) checkMethod('wrapped: wrapper', wrapper, method);
  const decode = plainDecode(codec);
  return {
    encode: (message) => codec.encode(wrapMessage(wrapper, message)),
    decode: decodeOf(
      (bytes) => unwrapMessage(wrapper, codec.decode(bytes)),
      (bytes) => wrapper.unwrap(decode(bytes)),
    ),
  };
}
