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
   * Called with each envelope whose message the wrapper rejects; the stream continues. Default: the
   * first rejection becomes the error of the result.
   */
  readonly onFailure?: (error: RxmeshError, envelope: OutboundEnvelope<Inner>) => void;
}

/**
 * Wraps the message of each envelope, for example with a version, or in a protobuf message with a
 * `oneof` (`oneofWrapper`). The recipients stay the same.
 *
 *     in   --A--B--|          A: { to: peer, message: a }
 *          wrap(wrapper)
 *     out  --C--D--|          C: { to: peer, message: wrapper.wrap(a) }
 *
 * With a version:
 *
 *     const envelopes = router.openChannel({ id: 0x10, codec: protobuf(Envelope) });
 *     const versioned: Wrapper<{ version: number; text: string }, string> = {
 *       wrap: (text) => ({ version: 1, text }),
 *       unwrap: ({ text }) => text,
 *     };
 *     source$.pipe(broadcast(), wrap(versioned), pipeTo(envelopes)).subscribe();
 *
 * To wrap every message of a channel, use the codec `wrapped(codec, wrapper)`.
 *
 * By default, a message that the wrapper rejects ends the result with an error, as in `send`: the
 * mistake is on this node. A pipeline that forwards peers' messages should survive that, so give it
 * an `onFailure`. An exception from `onFailure` is reported as unhandled, and the stream continues.
 * Applied to a flow, it carries demand.
 *
 * @throws {RxmeshError} as an error notification: the exception of `wrapper.wrap` if it is an
 *   `RxmeshError`; otherwise `RXMESH_ENCODE_FAILED`
 * @throws {TypeError} for a wrapper without `wrap`, an unknown option, or an `onFailure` that is
 *   not a function
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
