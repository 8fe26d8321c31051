import type { OperatorFunction } from 'rxjs';
import type { Codec } from '../lib/codec/codec.ts';
import { asBytes } from '../lib/model/bytes.ts';
import { checkFunction, checkMethod, mistaken } from '../lib/model/check-function.ts';
import { checkOptionNames } from '../lib/model/check-option-names.ts';
import type { OutboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import { translateOutbound } from './translate.ts';

/** Options of `encode`. */
export interface EncodeOptions<T> {
  /**
   * Called with each envelope whose message the codec rejects; the stream continues. Default: the
   * first rejection becomes the error of the result.
   */
  readonly onFailure?: (error: RxmeshError, envelope: OutboundEnvelope<T>) => void;
}

/**
 * Encodes the message of each envelope, for a channel whose codec is `raw()`. The recipients stay
 * the same.
 *
 *     in   --A--B--|          A: { to: peer, message: a }
 *          encode(codec)
 *     out  --C--D--|          C: { to: peer, message: codec.encode(a) }
 *
 * A broadcast is encoded once:
 *
 *     const wire = router.openChannel({ id: 0x10, codec: raw() });
 *     source$.pipe(broadcast(), encode(json<string>()), pipeTo(wire)).subscribe();
 *
 * The bytes are not copied: they wait in the lanes as the codec returned them.
 *
 * By default, a message that the codec rejects ends the result with an error, as in `send`: the
 * mistake is on this node. A pipeline that forwards peers' messages should survive that, so give it
 * an `onFailure`. An exception from `onFailure` is reported as unhandled, and the stream continues.
 * Applied to a flow, it carries demand.
 *
 * @throws {RxmeshError} as an error notification: the codec's exception if it is an `RxmeshError`;
 *   otherwise `RXMESH_ENCODE_FAILED`, also when the result is not bytes
 * @throws {TypeError} for a codec without `encode`, an unknown option, or an `onFailure` that is
 *   not a function
 */
export function encode<T>(
  codec: Codec<T>,
  options: EncodeOptions<T> = {},
): OperatorFunction<OutboundEnvelope<T>, OutboundEnvelope<Uint8Array>> {
  checkMethod('encode: codec', codec, 'encode');
  checkOptionNames('encode', options, ['onFailure']);
  const { onFailure } = options;
  if (onFailure !== undefined) checkFunction('encode: onFailure', onFailure);
  const toBytes = (message: T): Uint8Array => {
    const made: unknown = codec.encode(message);
    const bytes = asBytes(made);
    if (bytes !== undefined) return bytes;
    throw mistaken('the result of the codec', 'bytes', made);
  };
  return translateOutbound(toBytes, onFailure);
}
