import { mistaken } from '../model/check-function.ts';

/** The part of a protobufjs `Writer` that rxmesh uses. */
export interface MessageWriter {
  reset(): unknown;
  finish(): Uint8Array;
}

/**
 * The part of a protobufjs message type that rxmesh uses. Reflection `Type`s have this shape, and
 * so do classes that `pbjs -t static-module` generates. `T` is what `decode` returns.
 */
export interface MessageType<T extends object = object> {
  encode(message: object, writer?: MessageWriter): MessageWriter;
  decode(bytes: Uint8Array): T;
  /**
   * Returns what is wrong with the message, or `null`. Missing in classes generated with
   * `--no-verify`.
   */
  verify?(message: object): string | null;
}

/** A protobufjs reflection `Type`, which does not know the TypeScript type of its messages. */
export interface ReflectedType extends MessageType {
  /** The class of its messages, created on first use. */
  readonly ctor: unknown;
  readonly fieldsArray: readonly unknown[];
}

/** The fields of a message class without its methods, as written in an object literal. */
export type FieldsOf<T> = {
  [K in keyof T as T[K] extends (...args: never) => unknown ? never : K]: T[K];
};

/** A class, as the right side of `instanceof`. */
type AnyClass = abstract new (...args: never) => object;

/** The class of a type's messages; `undefined` if the type is just an object with functions. */
export function classOf(type: MessageType): AnyClass | undefined {
  const candidate: unknown = 'ctor' in type ? type.ctor : type;
  return typeof candidate === 'function' ? (candidate as AnyClass) : undefined;
}

/**
 * Whether the type's messages have a field with this name; `undefined` if that cannot be
 * determined.
 *
 * protobufjs keeps the default of each field on the prototype of the message class. The name of a
 * `oneof` is there, too, but as an accessor.
 */
export function hasField(type: MessageType, name: string): boolean | undefined {
  const defaults: unknown = classOf(type)?.prototype;
  for (let at = defaults; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property !== undefined) return 'value' in property;
  }
  // A class with an empty prototype has no fields, or comes from another generator.
  for (const _ in defaults as object | undefined) return false;
  return undefined;
}

/** Whether the type's messages have a field, a `oneof` or any other property with this name. */
export function hasProperty(type: MessageType, name: string): boolean {
  const defaults: unknown = classOf(type)?.prototype;
  return typeof defaults === 'object' && defaults !== null && name in defaults;
}

/**
 * Checks that `type` is a message type.
 * @throws {TypeError} such as `protobuf: type must be a message type (a class by pbjs, or
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
