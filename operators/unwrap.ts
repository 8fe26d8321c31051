import type { OperatorFunction } from 'rxjs';
import { unwrapMessage, type Wrapper } from '../lib/codec/wrapper.ts';
import { checkFunction, checkMethod } from '../lib/model/check-function.ts';
import { checkOptionNames } from '../lib/model/check-option-names.ts';
import type { InboundEnvelope } from '../lib/model/envelope.ts';
import type { RxmeshError } from '../lib/model/error.ts';
import { translateInbound } from './translate.ts';

/** Options of `unwrap`. */
export interface UnwrapOptions<Outer> {
  /** Called with each envelope whose message cannot be unwrapped. The error names the sender. */
  readonly onFailure: (error: RxmeshError, envelope: InboundEnvelope<Outer>) => void;
}

/**
 * Unwraps the message of each envelope.
 *
 *     in   --A--B--C--|        A: { from: peer, message: a }
 *          unwrap(wrapper, { onFailure })
 *     out  --D-----E--|        D: { from: peer, message: wrapper.unwrap(a) }
 *     onFailure B
 *
 * A peer may send any wrapper, so those that do not unwrap go to `onFailure`, and the stream
 * continues:
 *
 *     const games = router.openChannel({ id: 0x20, codec: protobuf(GameMessage) });
 *     const sum = oneofWrapper(GameMessage, { move: Move, resign: Resign });
 *     games.in$
 *       .pipe(
 *         unwrap(sum, {
 *           onFailure: (reason, { from }) =>
 *             games.reports.next({ peer: from, severity: 'penalize', reason }),
 *         }),
 *         ofKind('move'),
 *       )
 *       .subscribe(({ message }) => show(message.x, message.y));
 *
 * An exception from `onFailure` is reported as unhandled, and the stream continues. Applied to a
 * flow, it carries demand: for each message that fails, another one is requested.
 *
 * @throws {TypeError} for a wrapper without `unwrap`, a missing `onFailure`, or an unknown option
 */
export function unwrap<Outer, Inner>(
  wrapper: Wrapper<Outer, Inner>,
  options: UnwrapOptions<Outer>,
): OperatorFunction<InboundEnvelope<Outer>, InboundEnvelope<Inner>> {
  checkMethod('unwrap: wrapper', wrapper, 'unwrap');
  checkOptionNames('unwrap', options, ['onFailure']);
  const { onFailure } = options;
  checkFunction('unwrap: onFailure', onFailure);
  return translateInbound((message: Outer) => unwrapMessage(wrapper, message), onFailure);
}
