import type { Codec } from './codec.ts';
import type { MessageType, ReflectedType } from './message-type.ts';
import { oneofWrapper, type MessagesOf, type Oneof } from './oneof-wrapper.ts';
import { protobuf, type ProtobufOptions } from './protobuf.ts';
import { wrapped } from './wrapped.ts';

/**
 * A codec for a protobuf message that carries others in a `oneof`. The channel sends and receives
 * the inner messages; the `kind` of each names its member of the `oneof`.
 *
 *     // message GameMessage { oneof sum { Move move = 1; Resign resign = 2; } }
 *     const codec = oneof(GameMessage, { move: Move, resign: Resign })
 *     const channel = router.openChannel({ id: 0x20, codec })
 *     channel.out.next({ broadcast: true, message: { kind: 'move', x: 1, y: 2 } })
 *     channel.in$.subscribe(({ message }) => {
 *       if (message.kind === 'move') show(message.x, message.y)                  // narrows
 *     })
 *
 * The types in this example are generated classes. With reflection, the types of the messages must
 * be given:
 *
 *     oneof<{ move: Move; resign: Resign }>(root.lookupType('GameMessage'), {
 *       move: root.lookupType('Move'),
 *       resign: root.lookupType('Resign'),
 *     })
 *
 * A tag next to the fields is what TypeScript narrows best, and it costs the least: sending
 * allocates one object that refers to the message, receiving sets one property, and nothing is
 * copied. So no inner message may have its own field or `oneof` named `kind`; for those use
 * `wrapped`.
 *
 * A message that has no `kind` of its own and has one member of the `oneof` set is taken to be the
 * wrapper, and is sent as it is.
 *
 * @throws {TypeError} immediately, if `kinds` is empty or names a field that the wrapper lacks, if
 *   the wrapper has a field `kind`, or if a kind has a field or `oneof` with that name
 * @throws {RxmeshError} like `protobuf`, also `RXMESH_ENCODE_FAILED` for a kind that is not in
 *   `kinds`, and `RXMESH_DECODE_FAILED` if none of `kinds` is set
 */
export function oneof<M extends { readonly [K in keyof M]: object }>(
  type: ReflectedType,
  kinds: { readonly [K in keyof M]: MessageType },
  options?: ProtobufOptions,
): Codec<Oneof<M>>;
export function oneof<Kinds extends Readonly<Record<string, MessageType>>>(
  type: MessageType,
  kinds: Kinds,
  options?: ProtobufOptions,
): Codec<Oneof<MessagesOf<Kinds>>>;
export function oneof(
  type: MessageType,
  kinds: Readonly<Record<string, MessageType>>,
  options?: ProtobufOptions,
): Codec<object> {
  // First, since it names `oneof` in its errors.
  const wrapper = oneofWrapper(type, kinds);
  return wrapped(protobuf(type, options), wrapper);
}
