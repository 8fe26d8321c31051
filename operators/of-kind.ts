import { filter, type OperatorFunction } from 'rxjs';
import { mistaken } from '../lib/model/check-function.ts';
import type { InboundEnvelope } from '../lib/model/envelope.ts';

/**
 * The messages of `T` that have a kind in `K`, as `Extract<T, { kind: K }>`. A message whose kind
 * is a plain `string`, for example, gets this kind.
 */
type OfKind<T, K> = T extends { readonly kind: infer Own }
  ? Own extends K
    ? T
    : K extends Own
      ? T & { readonly kind: K }
      : never
  : never;

/**
 * Passes only messages of the given kinds, and narrows their type. Works with the messages of
 * `oneof` and any others that a `kind` discriminates.
 *
 *     in   --A--B--C--|        A: { from, message: { kind: 'move', … } }
 *          ofKind('move')
 *     out  --A--------|        B and C have other kinds
 *
 * A player that resigns immediately:
 *
 *     const codec = oneof(GameMessage, { move: Move, resign: Resign });
 *     const game = router.openChannel({ id: 0x20, codec });
 *     game.in$
 *       .pipe(
 *         ofKind('move'),
 *         reply(({ x, y }) => ({ kind: 'resign', reason: `${x}, ${y} is too good` })),
 *         pipeTo(game, { absent: 'drop' }),
 *       )
 *       .subscribe();
 *
 * Messages that are not objects, which a peer may send over `json()`, are dropped. Applied to a
 * flow, it carries demand: for each message that is dropped, another one is requested.
 *
 * @throws {TypeError} if no kind is given, or one is not a string
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
    // The type is only a promise, which the peer may not keep.
    const message: unknown = envelope.message;
    const isObject = typeof message === 'object' && message !== null;
    return isObject && 'kind' in message && wanted.has(message.kind);
  });
}
