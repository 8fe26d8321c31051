import type { OperatorFunction } from 'rxjs';
import { wrapMessage, type Wrapper } from '../lib/codec/wrapper.ts';
import { checkFunction, checkMethod } from '../lib/model/check-function.ts';
import { checkOptionNames } from '../lib/model/check-option-names.ts';
import type { OutboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import { translateOutbound } from './translate.ts';

/** Options of `wrap`. */
export interface WrapOptions<Inner> {
  /**
   * Sees each envelope whose message the wrapper refuses, and why; the others go on. Default: the first one is the
   * error of the result.
   */
  readonly onFailure?: (error: RxmeshError, envelope: OutboundEnvelope<Inner>) => void;
}

/**
 * Puts the message of each envelope into a wrapper: one that has a version, say, or a protobuf message with a
 * `oneof` (`oneofWrapper`). The recipients stay as they are.
 *
 *     in   -A-B-|          A: { to: peer, message: a }
 *          wrap(wrapper)
 *     out  -C-D-|          C: { to: peer, message: wrapper.wrap(a) }
 *
 * Several kinds of messages can so share one channel:
 *
 *     const envelopes = router.openChannel({ id: 0x10, codec: protobuf(Envelope) });
 *     const versioned: Wrapper<{ version: number; text: string }, string> = {
 *       wrap: (text) => ({ version: 1, text }),
 *       unwrap: ({ text }) => text,
 *     };
 *     source$.pipe(broadcast(), wrap(versioned), pipeTo(envelopes)).subscribe();
 *
 * A codec does it for a whole channel: `wrapped(codec, wrapper)`.
 *
 * What the wrapper refuses is a mistake of this node, so it is the error of the result, as it is with `send`. A
 * pipeline that passes on what peers have sent should not end by that: give it `onFailure`. What that throws is the
 * error of the result. Carries demand.
 *
 * @throws {RxmeshError} as an error notification: what `wrapper.wrap` throws, if it is one, else
 *   `RXMESH_ENCODE_FAILED`
 * @throws {TypeError} for a wrapper without `wrap`, an option that does not exist or is no function
 */
export function wrap<Outer, Inner>(
  wrapper: Wrapper<Outer, Inner>,
  options: WrapOptions<Inner> = {},
): OperatorFunction<OutboundEnvelope<Inner>, OutboundEnvelope<Outer>> {
  checkMethod('wrap: wrapper', wrapper, 'wrap');
  checkOptionNames('wrap', options, ['onFailure']);
  const { onFailure } = options;
  if (onFailure !== undefined) checkFunction('wrap: onFailure', onFailure);
  return translateOutbound((message: Inner) => wrapMessage(wrapper, message), onFailure);
}
