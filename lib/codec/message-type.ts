import { mistaken } from '../model/check-function.ts';

/** What rxmesh uses of a protobufjs `Writer`. */
export interface MessageWriter {
  reset(): unknown;
  finish(): Uint8Array;
}

/**
 * What rxmesh uses of a protobufjs message type: a reflection `Type` has this shape, and so has a
 * class that `pbjs -t static-module` generates. `T` is what `decode` returns.
 */
export interface MessageType<T extends object = object> {
  encode(message: object, writer?: MessageWriter): MessageWriter;
  decode(bytes: Uint8Array): T;
  /** What is wrong with the message, or `null`. Classes generated with `--no-verify` lack it. */
  verify?(message: object): string | null;
}

/** A protobufjs reflection `Type`. It does not know the TypeScript type of its messages. */
export interface ReflectedType extends MessageType {
  /** The class of its messages, made on first use. */
  readonly ctor: unknown;
  readonly fieldsArray: readonly unknown[];
}

/** The fields of a message class, without its methods: what one writes as an object literal. */
export type FieldsOf<T> = {
  [K in keyof T as T[K] extends (...args: never) => unknown ? never : K]: T[K];
};

/** A class, as `instanceof` takes it. */
type AnyClass = abstract new (...args: never) => object;

/** The class of a type's messages; `undefined` for a type that is a bare object of functions. */
export function classOf(type: MessageType): AnyClass | undefined {
  const candidate: unknown = 'ctor' in type ? type.ctor : type;
  return typeof candidate === 'function' ? (candidate as AnyClass) : undefined;
}

/**
 * Whether the type's messages have a field of this name; `undefined` when that cannot be known.
 *
 * protobufjs keeps the default of each field on the prototype of the message class. The name of a
 * `oneof` stands there too, but as an accessor.
 */
export function hasField(type: MessageType, name: string): boolean | undefined {
  const defaults: unknown = classOf(type)?.prototype;
  for (let at = defaults; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property !== undefined) return 'value' in property;
  }
  // A class whose prototype holds nothing has no fields, or was made by another generator.
  for (const _ in defaults as object | undefined) return false;
  return undefined;
}

/** Whether the type's messages have a field, a `oneof` or anything else of this name. */
export function hasProperty(type: MessageType, name: string): boolean {
  const defaults: unknown = classOf(type)?.prototype;
  return typeof defaults === 'object' && defaults !== null && name in defaults;
}

/**
 * Checks what a codec is made of.
 * @throws {TypeError} `protobuf: type must be a message type (a class by pbjs, or
 *   root.lookupType(...)), got undefined`
 */
export function checkMessageType(name: string, type: unknown): void {
  const isObject = typeof type === 'object' && type !== null;
  const { encode, decode } = (isObject || typeof type === 'function' ? type : {}) as {
    readonly encode?: unknown;
    readonly decode?: unknown;
  };
  if (typeof encode === 'function' && typeof decode === 'function') return;
  const what = 'a message type (a class by pbjs, or root.lookupType(...))';
  throw mistaken(name, what, type);
}
