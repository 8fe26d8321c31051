import type { Codec } from './codec.ts';
import {
  hasField,
  hasProperty,
  type FieldsOf,
  type MessageType,
  type ReflectedType,
} from './message-type.ts';
import { protobuf, type ProtobufOptions } from './protobuf.ts';
import { wrapped, type Wrapper } from './wrapped.ts';

/** The union of the messages in `M`, told apart by `kind`: their name in the wrapper. */
export type Oneof<M> = {
  [K in keyof M & string]: { readonly kind: K } & M[K];
}[keyof M & string];

/** The messages of a record of message classes. */
export type MessagesOf<Kinds> = {
  [K in keyof Kinds]: Kinds[K] extends MessageType<infer C> ? FieldsOf<C> : never;
};

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
): Codec<Tagged> {
  assertKinds(type, kinds);
  const codec: Codec<object> = protobuf(type, options);
  return wrapped(codec as Codec<Members>, oneofWrapper(new Set(Object.keys(kinds))));
}

/** An inner message. */
interface Tagged {
  kind?: string;
}

/** The wrapper: a message of which one member is set. */
type Members = Record<string, unknown>;

function assertKinds(type: MessageType, kinds: Readonly<Record<string, MessageType>>): void {
  const entries = Object.entries(kinds);
  if (entries.length === 0) throw new TypeError('kinds is empty: it names what the oneof carries');
  if (hasField(type, 'kind') === true) throw new TypeError('the wrapper has a field named kind');
  for (const [kind, inner] of entries) {
    if (hasField(type, kind) === false) {
      throw new TypeError(`kinds.${kind} is not a field of the wrapper`);
    }
    if (hasProperty(inner, 'kind')) {
      throw new TypeError(`kinds.${kind} has a field or oneof named kind: use wrapped() instead`);
    }
  }
}

function isMessage(member: unknown): member is Tagged {
  return typeof member === 'object' && member !== null;
}

function oneofWrapper(kinds: ReadonlySet<string>): Wrapper<Members, Tagged> {
  return {
    wrap(message) {
      // The name of the `oneof` may be `kind` too; on an instance of the wrapper it is inherited.
      if (Object.hasOwn(message, 'kind')) {
        const { kind } = message;
        if (kind !== undefined && kinds.has(kind)) return { [kind]: message };
        throw new TypeError(`the wrapper does not carry messages of kind ${String(kind)}`);
      }
      const wrapper = message as Members;
      const members = Object.keys(wrapper).filter(
        (name) => kinds.has(name) && isMessage(wrapper[name]),
      );
      if (members.length === 1) return wrapper;
      throw new TypeError('it has no kind, and is not the wrapper with one member set');
    },
    unwrap(wrapper) {
      // Unset members are inherited from the prototype; of several on the wire the last one counts.
      const names = Object.keys(wrapper);
      for (let i = names.length - 1; i >= 0; i -= 1) {
        const kind = names[i] ?? '';
        const message = kinds.has(kind) ? wrapper[kind] : undefined;
        if (!isMessage(message)) continue;
        message.kind = kind;
        return message;
      }
      throw new TypeError('the wrapper carries none of the kinds of this channel');
    },
  };
}
