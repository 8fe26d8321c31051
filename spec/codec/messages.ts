import protobufjs, { type Reader, type Type, type Writer } from 'protobufjs';

/**
 * What a test asserts of two types: `const same: Same<A, B> = true` compiles if they are the same.
 */
export type Same<A, B> = [A, B] extends [B, A] ? true : false;
const { root } = protobufjs.parse(`
  syntax = "proto3";
  message Move { uint32 x = 1; uint32 y = 2; }
  message Resign { string reason = 1; }
  message Game { oneof sum { Move move = 1; Resign resign = 2; } }
  message Kinded { string kind = 1; }
  message KindedGame { oneof sum { Kinded kinded = 1; } }
  message Value { oneof kind { double number = 1; string text = 2; } }
  message ValueGame { oneof sum { Value value = 1; Move move = 2; } }
  message KindNamed { oneof kind { Move move = 1; Resign resign = 2; } }
  message Everything {
    string text = 1; uint32 count = 2; sint32 signed = 3; bytes data = 4; bool flag = 5;
    double ratio = 6; repeated uint32 numbers = 7; map<string, string> words = 8; Move move = 9;
    repeated Resign resigns = 10; fixed64 big = 11;
  }
`);

/** The reflection type of this name. */
export const typeOf = (name: string): Type => root.lookupType(name);

export interface Move {
  x: number;
  y: number;
}

export interface Resign {
  reason: string;
}

interface IPing {
  nonce?: number | null;
  note?: string | null;
}

/** A message class in the shape that `pbjs -t static-module` and `pbts` give it. */
export class Ping implements IPing {
  declare nonce: number;
  declare note: string;
  declare $unknowns?: Uint8Array[];

  constructor(properties: IPing = {}) {
    Object.assign(this, properties);
  }

  static encode(message: IPing, writer: Writer = protobufjs.Writer.create()): Writer {
    if (Object.hasOwn(message, 'nonce') && message.nonce) {
      writer.uint32(8).uint32(message.nonce);
    }
    if (Object.hasOwn(message, 'note') && message.note) {
      writer.uint32(18).string(message.note);
    }
    return writer;
  }

  static decode(from: Reader | Uint8Array, length?: number): Ping {
    const reader = from instanceof Uint8Array ? protobufjs.Reader.create(from) : from;
    const end = length === undefined ? reader.len : reader.pos + length;
    const message = new Ping();
    while (reader.pos < end) {
      const start = reader.pos;
      const tag = reader.tag();
      if (tag === 8) message.nonce = reader.uint32();
      else if (tag === 18) message.note = reader.stringVerify();
      else {
        reader.skipType(tag & 7, 0, tag >>> 3);
        if (!reader.discardUnknown) (message.$unknowns ??= []).push(reader.raw(start, reader.pos));
      }
    }
    return message;
  }

  static verify(message: Record<string, unknown>): string | null {
    const { nonce, note } = message;
    if (nonce !== undefined && !Number.isInteger(nonce)) return 'nonce: integer expected';
    if (note !== undefined && typeof note !== 'string') return 'note: string expected';
    return null;
  }

  toJSON(): Record<string, unknown> {
    return { nonce: this.nonce, note: this.note };
  }
}
Object.assign(Ping.prototype, { nonce: 0, note: '' });

/** A message class without fields, generated with `--no-verify`. */
export class Pong {
  declare $unknowns?: Uint8Array[];

  static encode(_message: object, writer: Writer = protobufjs.Writer.create()): Writer {
    return writer;
  }

  static decode(from: Reader | Uint8Array, length?: number): Pong {
    const reader = from instanceof Uint8Array ? protobufjs.Reader.create(from) : from;
    reader.skip(length ?? reader.len);
    return new Pong();
  }
}

interface IPacket {
  ping?: IPing | null;
  pong?: object | null;
}

/** A wrapper class: `message Packet { oneof sum { Ping ping = 1; Pong pong = 2; } }`. */
export class Packet implements IPacket {
  declare ping?: IPing | null;
  declare pong?: object | null;

  constructor(properties: IPacket = {}) {
    Object.assign(this, properties);
  }

  static encode(message: IPacket, writer: Writer = protobufjs.Writer.create()): Writer {
    if (Object.hasOwn(message, 'ping') && message.ping) {
      Ping.encode(message.ping, writer.uint32(10).fork()).ldelim();
    }
    if (Object.hasOwn(message, 'pong') && message.pong) {
      Pong.encode(message.pong, writer.uint32(18).fork()).ldelim();
    }
    return writer;
  }

  static decode(from: Reader | Uint8Array, length?: number): Packet {
    const reader = from instanceof Uint8Array ? protobufjs.Reader.create(from) : from;
    const end = length === undefined ? reader.len : reader.pos + length;
    const message = new Packet();
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === 10) message.ping = Ping.decode(reader, reader.size());
      else if (tag === 18) message.pong = Pong.decode(reader, reader.size());
      else reader.skipType(tag & 7, 0, tag >>> 3);
    }
    return message;
  }
}
Object.assign(Packet.prototype, { ping: null, pong: null });

/** The bytes that a hex string names. */
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** The hex of bytes. */
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What `work` throws. */
export function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
