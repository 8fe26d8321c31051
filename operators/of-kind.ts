import { filter, type OperatorFunction } from 'rxjs';
import { mistaken } from '../lib/model/check-function.ts';
import type { InboundEnvelope } from '../lib/model/envelope.ts';

/**
 * The messages of `T` that are of kind `K`: `Extract<T, { kind: K }>`, and of a message whose kind is known less
 * well, as a `string`, that message with this kind.
 */
type OfKind<T, K> = T extends { readonly kind: infer Own }
  ? Own extends K
    ? T
    : K extends Own
      ? T & { readonly kind: K }
      : never
  : never;

/**
 * Lets only messages of these kinds through, and tells the compiler so. It works on the messages of `oneof`, and on
 * any others that are told apart by their `kind`.
 *
 *     in   -A-B-C-|        A: { from, message: { kind: 'move', … } }
 *          ofKind('move')
 *     out  -A-----|        B and C are of other kinds
 *
 * A game that always gives up:
 *
 *     const game = router.openChannel({ id: 0x20, codec: oneof(GameMessage, { move: Move, resign: Resign }) });
 *     game.in$
 *       .pipe(
 *         ofKind('move'),
 *         reply(({ x, y }) => ({ kind: 'resign', reason: `${x}, ${y} was too good` })),
 *         pipeTo(game),
 *       )
 *       .subscribe();
 *
 * What is no object, which a peer may send over `json()`, is of no kind. Carries demand: for each message that it
 * leaves out, one more is asked for.
 *
 * @throws {TypeError} without a kind, or for one that is no string
 */
export function ofKind<T extends { readonly kind: string }, K extends T['kind']>(
  ...kinds: readonly [K, ...K[]]
): OperatorFunction<InboundEnvelope<T>, InboundEnvelope<OfKind<T, K>>> {
  const wanted = new Set<unknown>(kinds);
  if (wanted.size === 0) throw new TypeError('ofKind: name at least one kind');
  for (const kind of wanted) {
    if (typeof kind !== 'string') throw mistaken('ofKind: a kind', 'a string', kind);
  }
  return filter((envelope): envelope is InboundEnvelope<OfKind<T, K>> => {
    // Whatever its type says, it is what a peer has sent.
    const message: unknown = envelope.message;
    const isObject = typeof message === 'object' && message !== null;
    return isObject && 'kind' in message && wanted.has(message.kind);
  });
}
