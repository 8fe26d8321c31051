import { filter, type OperatorFunction } from 'rxjs';
import { mistaken } from '../lib/model/check-function.ts';
import type { InboundEnvelope } from '../lib/model/envelope.ts';

/**
 * The messages of `T` that have a kind in `K`, as `Extract<T, { kind: K }>`. A message whose kind
 * is only known to be a `string`, for example, gets this kind.
 */
type OfKind<T, K> = T extends { readonly kind: infer Own }
  ? Own extends K
    ? T
    : K extends Own
      ? T & { readonly kind: K }
      : never
  : never;

/**
 * Lets only messages of these kinds through, and narrows their type. For the messages of `oneof`,
 * and any others that a `kind` tells apart.
 *
 *     in   --A--B--C--|        A: { from, message: { kind: 'move', … } }
 *          ofKind('move')
 *     out  --A--------|        B and C have other kinds
 *
 * A player that resigns at once:
 *
 *     const codec = oneof(GameMessage, { move: Move, resign: Resign });
 *     const game = router.openChannel({ id: 0x20, codec });
 *     game.in$
 *       .pipe(
 *         ofKind('move'),
 *         reply(({ x, y }) => ({ kind: 'resign', reason: `${x}, ${y} is too good` })),
 *         pipeTo(game),
 *       )
 *       .subscribe();
 *
 * Messages that are not objects, which a peer may send over `json()`, are left out. Behind a flow
 * it carries demand: for each message that it leaves out, it asks for another.
 *
 * @throws {TypeError} when no kind is given, or one is not a string
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
    // Its type is a promise that the peer may not keep.
    const message: unknown = envelope.message;
    const isObject = typeof message === 'object' && message !== null;
    return isObject && 'kind' in message && wanted.has(message.kind);
  });
}
