import type { OperatorFunction } from 'rxjs';
import type { Codec } from '../lib/codec/codec.ts';
import { checkFunction, checkMethod, mistaken } from '../lib/model/check-function.ts';
import { checkOptionNames } from '../lib/model/check-option-names.ts';
import type { OutboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import { translateOutbound } from './translate.ts';

/** Options of `encode`. */
export interface EncodeOptions<T> {
  /**
   * Sees each envelope whose message the codec refuses, and why; the others go on. Default: the first one is the
   * error of the result.
   */
  readonly onFailure?: (error: RxmeshError, envelope: OutboundEnvelope<T>) => void;
}

/**
 * Turns the message of each envelope into bytes, for a channel whose codec is `raw()`. The recipients stay as they
 * are.
 *
 *     in   -A-B-|          A: { to: peer, message: a }
 *          encode(codec)
 *     out  -C-D-|          C: { to: peer, message: codec.encode(a) }
 *
 * A broadcast is encoded once:
 *
 *     const wire = router.openChannel({ id: 0x10, codec: raw() });
 *     source$.pipe(broadcast(), encode(json<string>()), pipeTo(wire)).subscribe();
 *
 * The bytes are sent as they are, without a copy, so whatever has made them leaves them alone, as every `Codec` does.
 *
 * What the codec refuses is a mistake of this node, so it is the error of the result, as it is with `send`. A
 * pipeline that passes on what peers have sent should not end by that: give it `onFailure`. What that throws is the
 * error of the result. Carries demand.
 *
 * @throws {RxmeshError} as an error notification: what the codec throws, if it is one, else `RXMESH_ENCODE_FAILED`,
 *   also when it has not made bytes
 * @throws {TypeError} for a codec without `encode`, an option that does not exist or is no function
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
    if (made instanceof Uint8Array) return made;
    throw mistaken('what the codec has made', 'bytes', made);
  };
  return translateOutbound(toBytes, onFailure);
}
