import { mistaken } from '../model/check-function.ts';
import {
  checkMessageType,
  hasField,
  hasProperty,
  type FieldsOf,
  type MessageType,
  type ReflectedType,
} from './message-type.ts';
import type { Wrapper } from './wrapper.ts';

/** The union of the messages in `M`. `kind`, their name in the wrapper, tells them apart. */
export type Oneof<M> = {
  [K in keyof M & string]: { readonly kind: K } & M[K];
}[keyof M & string];

/** The message types of a record of message classes. */
export type MessagesOf<Kinds> = {
  [K in keyof Kinds]: Kinds[K] extends MessageType<infer C> ? FieldsOf<C> : never;
};

/**
 * The wrapper that `oneof` uses, for the operators `wrap` and `unwrap`. It turns a message with a
 * `kind` into the protobuf message that carries it in its `oneof`, and back.
 *
 *     const sum = oneofWrapper(GameMessage, { move: Move, resign: Resign })
 *     sum.wrap({ kind: 'move', x: 1, y: 2 })            // { move: { kind: 'move', x: 1, y: 2 } }
 *
 * On a channel whose codec is `protobuf(GameMessage)`, or `raw()` with the operator `decode`, one
 * consumer can read the wrapper and another the messages in it. The rules for messages and types
 * are those of `oneof`.
 *
 * Nothing is copied: the result of `wrap` refers to the message, and `unwrap` sets the `kind` of
 * the message in the wrapper and returns it.
 *
 * With reflection, the types of the messages and of the wrapper must be given:
 *
 *     oneofWrapper<{ move: Move; resign: Resign }, { move?: Move; resign?: Resign }>(
 *       root.lookupType('GameMessage'),
 *       { move: root.lookupType('Move'), resign: root.lookupType('Resign') },
 *     )
 *
 * @throws {TypeError} immediately, as `oneof` does
 */
export function oneofWrapper<
  M extends { readonly [K in keyof M]: object },
  Outer extends object = Record<string, unknown>,
>(type: ReflectedType, kinds: { readonly [K in keyof M]: MessageType }): Wrapper<Outer, Oneof<M>>;
export function oneofWrapper<C extends object, Kinds extends Readonly<Record<string, MessageType>>>(
  type: MessageType<C>,
  kinds: Kinds,
): Wrapper<FieldsOf<C>, Oneof<MessagesOf<Kinds>>>;
export function oneofWrapper(
  type: MessageType,
  kinds: Readonly<Record<string, MessageType>>,
): Wrapper<Members, Tagged> {
  assertKinds(type, kinds);
  return wrapperOf(new Set(Object.keys(kinds)));
}

/** An inner message. */
interface Tagged {
  kind?: string;
}

/** The wrapper: a message with one member set. */
type Members = Record<string, unknown>;

function assertKinds(type: MessageType, kinds: Readonly<Record<string, MessageType>>): void {
  checkMessageType('oneof: type', type);
  const given: unknown = kinds;
  if (typeof given !== 'object' || given === null) {
    throw mistaken('oneof: kinds', 'an object such as { move: Move }', given);
  }
  const entries = Object.entries(kinds);
  if (entries.length === 0)
    throw new TypeError('oneof: kinds is empty; it names what the oneof carries');
  if (hasField(type, 'kind') === true)
    throw new TypeError('oneof: the wrapper has a field named kind');
  for (const [kind, inner] of entries) {
    checkMessageType(`oneof: kinds.${kind}`, inner);
    if (hasField(type, kind) === false) {
      throw new TypeError(`oneof: kinds.${kind} is not a field of the wrapper`);
    }
    if (hasProperty(inner, 'kind')) {
      throw new TypeError(
        `oneof: kinds.${kind} has a field or oneof named kind: use wrapped() instead`,
      );
    }
  }
}

function isMessage(member: unknown): member is Tagged {
  return typeof member === 'object' && member !== null;
}

function wrapperOf(kinds: ReadonlySet<string>): Wrapper<Members, Tagged> {
  return {
    wrap(message) {
      // The `oneof` itself may be named `kind`, too; on an instance of the wrapper that is
      // inherited.
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
      // Unset members are inherited from the prototype. If several are on the wire, the last one
      // counts.
      const names = Object.keys(wrapper);
      for (let i = names.length - 1; i >= 0; i -= 1) {
        const kind = names[i] ?? '';
        const message = kinds.has(kind) ? wrapper[kind] : undefined;
        if (!isMessage(message)) continue;
        message.kind = kind;
        return message;
      }
      throw new TypeError(`the wrapper carries none of ${[...kinds].join(', ')}`);
    },
  };
}
