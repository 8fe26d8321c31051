import { Reader, Writer } from 'protobufjs/minimal.js';
import { RxmeshError, toRxmeshError } from '../../../lib/model/error.ts';

/**
 * How many elements a received message may have: fields and list values, at any depth. Two bytes
 * can become an object, so the length of a message does not bound the memory it takes.
 */
const elementsMax = 131_072;

/** The wire types of protobuf that CometBFT's messages use. */
const VARINT = 0;
const DELIMITED = 2;

/** A reader that counts elements. */
class CountedReader extends Reader {
  readonly #left: { elements: number };

  constructor(bytes: Uint8Array, left: { elements: number } = { elements: elementsMax }) {
    super(bytes);
    this.#left = left;
  }

  count(): void {
    this.#left.elements -= 1;
    if (this.#left.elements < 0) {
      const text = `the message has more than ${elementsMax} elements`;
      throw new RxmeshError('RXMESH_DECODE_FAILED', text);
    }
  }

  /** The message that comes next. */
  nested(): CountedReader {
    return new CountedReader(this.bytes(), this.#left);
  }
}

/** What a field may hold. Its functions stand in for code that protobufjs would generate. */
export interface FieldType<T> {
  readonly wireType: number;
  /** The value of a field that is not there; undefined if the property is left out, too. */
  zero(): T | undefined;
  /** @param before what the field holds so far, since lists come in several parts */
  read(reader: CountedReader, before: T | undefined): T;
  /** Whether a field with this value need not be written. */
  isZero(value: T): boolean;
  /** @param tag the field's number and wire type */
  write(writer: Writer, tag: number, value: T): void;
}

/** A message type: its fields by name, each with its number and type. */
export type Fields<T> = {
  readonly [Name in keyof T]-?: readonly [number, FieldType<Exclude<T[Name], undefined>>];
};

function scalar<T>(
  wireType: number,
  zero: T,
  read: (reader: Reader) => T,
  write: (writer: Writer, value: T) => void,
): FieldType<T> {
  return {
    wireType,
    zero: () => zero,
    read,
    isZero: (value) => value === zero,
    write: (writer, tag, value) => write(writer.uint32(tag), value),
  };
}

/** Depending on how the application has configured protobufjs, a 64-bit value is a Long. */
function exact(value: unknown): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RxmeshError('RXMESH_DECODE_FAILED', 'a number beyond 2^53');
}

/** An unsigned number of 32 bits. */
export const uint32: FieldType<number> = scalar<number>(
  VARINT,
  0,
  (reader) => reader.uint32(),
  (writer, value) => writer.uint32(value),
);
/** A number of 32 bits, or an enumeration. */
export const int32: FieldType<number> = scalar<number>(
  VARINT,
  0,
  (reader) => reader.int32(),
  (writer, value) => writer.int32(value),
);
/** Values beyond 2^53 do not decode: heights, times and powers are far below. */
export const int64: FieldType<number> = scalar<number>(
  VARINT,
  0,
  (reader) => exact(reader.int64()),
  (writer, value) => writer.int64(value),
);
/** True or false. */
export const bool: FieldType<boolean> = scalar<boolean>(
  VARINT,
  false,
  (reader) => reader.bool(),
  (writer, value) => writer.bool(value),
);
/** Text in UTF-8. */
export const text: FieldType<string> = scalar(
  DELIMITED,
  '',
  (reader) => reader.string(),
  (writer, value) => writer.string(value),
);

const nothing = new Uint8Array(0);
/** Decoded bytes are views into the received message. */
export const bytes: FieldType<Uint8Array> = {
  wireType: DELIMITED,
  zero: () => nothing,
  read: (reader) => reader.bytes(),
  isZero: (value) => value.length === 0,
  write: (writer, tag, value) => {
    writer.uint32(tag).bytes(value);
  },
};

/**
 * A list of uint64, packed: words of bits. By hand, since without `long` protobufjs rounds them.
 */
export const words: FieldType<readonly bigint[]> = {
  wireType: DELIMITED,
  zero: () => [],
  read: (reader, before) => {
    // The list that `zero` has made for this message.
    const values = (before ?? []) as bigint[];
    let value = 0n;
    let shift = 0n;
    for (const byte of reader.bytes()) {
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (shift > 70n) throw new RangeError('a varint that is too long');
      if (byte >= 0x80) continue;
      reader.count();
      values.push(BigInt.asUintN(64, value));
      value = 0n;
      shift = 0n;
    }
    if (shift > 0n) throw new RangeError('a varint that is cut off');
    return values;
  },
  isZero: (values) => values.length === 0,
  write: (writer, tag, values) => {
    writer.uint32(tag).bytes(Uint8Array.from(values.flatMap(varint)));
  },
};

function varint(value: bigint): number[] {
  return value > 0x7fn ? [Number(value & 0x7fn) | 0x80, ...varint(value >> 7n)] : [Number(value)];
}

/** A list of values that are not numbers. */
export function list<T>(of: FieldType<T>): FieldType<readonly T[]> {
  return {
    wireType: of.wireType,
    zero: () => [],
    read: (reader, before) => {
      // The list that `zero` has made for this message.
      const values = (before ?? []) as T[];
      values.push(of.read(reader, undefined));
      return values;
    },
    isZero: (values) => values.length === 0,
    write: (writer, tag, values) => {
      for (const value of values) of.write(writer, tag, value);
    },
  };
}

/** A message type that can be a field of others. */
export interface MessageType<T> extends FieldType<T> {
  decode(bytes: Uint8Array): T;
  encode(message: T): Uint8Array;
}

/**
 * Makes a message type. A field that is not there gets its zero; a message or an `optional` one is
 * left out. Unknown fields are ignored, as protobuf has it.
 */
export function message<T extends object>(fields: Fields<T>): MessageType<T> {
  const named = Object.entries<readonly [number, FieldType<unknown>]>(fields).map(
    ([name, [number, type]]) => ({ name, type, number, tag: number * 8 + type.wireType }),
  );
  const read = (reader: CountedReader): T => {
    const values: Record<string, unknown> = {};
    for (const { name, type } of named) {
      const zero = type.zero();
      if (zero !== undefined) values[name] = zero;
    }
    while (reader.pos < reader.len) {
      reader.count();
      const tag = reader.uint32();
      const field = named.find((each) => each.tag === tag);
      if (field === undefined) reader.skipType(tag & 7);
      else values[field.name] = field.type.read(reader, values[field.name]);
    }
    return values as T;
  };
  const write = (writer: Writer, value: T): void => {
    for (const { name, type, tag } of named) {
      const held: unknown = Reflect.get(value, name);
      if (held !== undefined && !type.isZero(held)) type.write(writer, tag, held);
    }
  };
  return {
    wireType: DELIMITED,
    zero: () => undefined,
    read: (reader) => read(reader.nested()),
    isZero: () => false,
    write: (writer, tag, value) => {
      write(writer.uint32(tag).fork(), value);
      writer.ldelim();
    },
    decode: (encoded) => read(new CountedReader(encoded)),
    encode: (value) => {
      const writer = new Writer();
      write(writer, value);
      return writer.finish();
    },
  };
}

/** Converts messages to bytes and back, as a channel's codec. */
export interface ReactorCodec<T> {
  /** @throws {RxmeshError} `RXMESH_ENCODE_FAILED` */
  encode(message: T): Uint8Array;
  /** @throws {RxmeshError} `RXMESH_DECODE_FAILED` */
  decode(bytes: Uint8Array): T;
}

/** The messages of a `oneof`, told apart by `kind`. */
export type OneOf<Kinds> = {
  [Kind in keyof Kinds]: { readonly kind: Kind } & Kinds[Kind];
}[keyof Kinds];

/** A codec of a single message type. */
export function codecOf<T>(type: MessageType<T>): ReactorCodec<T> {
  return guarded(
    (value) => type.encode(value),
    (encoded) => type.decode(encoded),
  );
}

/**
 * A codec of a message that is nothing but a `oneof`, which is what most of CometBFT's channels
 * carry.
 */
export function oneofCodec<Kinds extends { readonly [Kind in keyof Kinds]: object }>(members: {
  readonly [Kind in keyof Kinds]: readonly [number, MessageType<Kinds[Kind]>];
}): ReactorCodec<OneOf<Kinds>> {
  const entries: Readonly<Record<string, readonly [number, MessageType<object>]>> = members;
  const kinds = Object.entries(entries).map(([kind, [number, type]]) => ({
    kind,
    type,
    tag: number * 8 + DELIMITED,
  }));
  return guarded(
    (value) => {
      const member = kinds.find(({ kind }) => kind === value.kind);
      if (member === undefined) {
        const known = kinds.map(({ kind }) => kind).join(', ');
        throw new RxmeshError('RXMESH_ENCODE_FAILED', `the kind of a message must be ${known}`);
      }
      const writer = new Writer();
      member.type.write(writer, member.tag, value);
      return writer.finish();
    },
    (encoded) => {
      const reader = new CountedReader(encoded);
      let found: object | undefined;
      while (reader.pos < reader.len) {
        reader.count();
        const tag = reader.uint32();
        const member = kinds.find((each) => each.tag === tag);
        if (member === undefined) reader.skipType(tag & 7);
        // Of several, the last one counts.
        else found = { kind: member.kind, ...member.type.read(reader, undefined) };
      }
      if (found !== undefined) return found as OneOf<Kinds>;
      throw new RxmeshError('RXMESH_DECODE_FAILED', 'a message of no known kind');
    },
  );
}

function guarded<T>(
  encode: (value: T) => Uint8Array,
  decode: (encoded: Uint8Array) => T,
): ReactorCodec<T> {
  return {
    encode: (value) => {
      try {
        return encode(value);
      } catch (cause) {
        throw toRxmeshError(cause, 'RXMESH_ENCODE_FAILED', 'cannot encode the message');
      }
    },
    decode: (encoded) => {
      try {
        return decode(encoded);
      } catch (cause) {
        throw toRxmeshError(cause, 'RXMESH_DECODE_FAILED', 'cannot decode the message');
      }
    },
  };
}
