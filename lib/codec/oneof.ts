import type { Codec } from './codec.ts';
import type { MessageType, ReflectedType } from './message-type.ts';
import { oneofWrapper, type MessagesOf, type Oneof } from './oneof-wrapper.ts';
import { protobuf, type ProtobufOptions } from './protobuf.ts';
import { wrapped } from './wrapped.ts';

/**
 * The codec of a protobuf message that carries others in a `oneof`. A channel with it sends and
 * receives the inner messages; each says by its `kind` which member of the `oneof` it is.
 *
 *     // message GameMessage { oneof sum { Move move = 1; Resign resign = 2; } }
 *     const codec = oneof(GameMessage, { move: Move, resign: Resign })
 *     const channel = router.openChannel({ id: 0x20, codec })
 *     channel.out.next({ broadcast: true, message: { kind: 'move', x: 1, y: 2 } })
 *     channel.in$.subscribe(({ message }) => {
 *       if (message.kind === 'move') show(message.x, message.y)                  // narrows
 *     })
 *
 * Those are generated classes. Reflection does not know the types of the messages:
 *
 *     oneof<{ move: Move; resign: Resign }>(root.lookupType('GameMessage'), {
 *       move: root.lookupType('Move'),
 *       resign: root.lookupType('Resign'),
 *     })
 *
 * A tag beside the fields is what TypeScript narrows best, and costs least: sending allocates one
 * object that refers to the message, receiving sets one property; nothing is copied. So no inner
 * message may have a field or a oneof of its own named `kind`; for those use `wrapped`.
 *
 * A message without a `kind` of its own that has one member of the `oneof` set is the wrapper
 * itself, and is sent as it is.
 *
 * @throws {TypeError} at once, when `kinds` is empty or names what the wrapper does not have, or
 *   when the wrapper has a field `kind`, or a kind has a field or oneof of that name
 * @throws {RxmeshError} `RXMESH_ENCODE_FAILED` also for a kind that is not in `kinds`, and
 *   `RXMESH_DECODE_FAILED` also when none of `kinds` is set
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
  return wrapped(protobuf(type, options), oneofWrapper(type, kinds));
}
