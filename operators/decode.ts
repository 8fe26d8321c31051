import type { OperatorFunction } from 'rxjs';
import type { Codec } from '../lib/codec/codec.ts';
import { checkFunction, checkMethod } from '../lib/model/check-function.ts';
import { checkOptionNames } from '../lib/model/check-option-names.ts';
import type { InboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import { translateInbound } from './translate.ts';

/** Options of `decode`. */
export interface DecodeOptions {
  /**
   * Called with each envelope whose bytes are not a message. The error names the peer that sent
   * them. The bytes are a view, as those of `raw()` are.
   */
  readonly onFailure: (error: RxmeshError, envelope: InboundEnvelope<Uint8Array>) => void;
}

/**
 * Decodes what arrives on a channel whose codec is `raw()`.
 *
 *     in   --A--B--C--|        A: { from: peer, message: bytes }
 *          decode(codec, { onFailure })
 *     out  --D-----E--|        D: { from: peer, message: codec.decode(bytes) }
 *     onFailure B
 *
 * A peer may send any bytes, so those that are not a message go to `onFailure`, and the stream
 * continues. A gateway that inspects what it forwards:
 *
 *     const wire = router.openChannel({ id: 0x10, codec: raw() });
 *     wire.in$
 *       .pipe(
 *         decode(json<string>(), { onFailure: ({ message }) => console.warn(message) }),
 *         filter(({ message }) => message !== ''),
 *         relay(),
 *         encode(json<string>()),
 *         pipeTo(wire),
 *       )
 *       .subscribe();
 *
 * Messages are decoded on arrival, from a view of a larger buffer. A message with `bytes` fields
 * may refer to that buffer and thus keep it alive: see `Codec.decode`.
 *
 * An exception from `onFailure` is reported as unhandled, and the stream continues. Applied to a
 * flow, it carries demand: for each message that fails, another one is requested.
 *
 * @throws {TypeError} for a codec without `decode`, a missing `onFailure`, or an unknown option
 */
export function decode<T>(
  codec: Codec<T>,
  options: DecodeOptions,
): OperatorFunction<InboundEnvelope<Uint8Array>, InboundEnvelope<T>> {
  checkMethod('decode: codec', codec, 'decode');
  checkOptionNames('decode', options, ['onFailure']);
  const { onFailure } = options;
  checkFunction('decode: onFailure', onFailure);
  return translateInbound((bytes: Uint8Array) => codec.decode(bytes), onFailure);
}
