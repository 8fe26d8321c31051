import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobufjs, { type Writer } from 'protobufjs';

import type { Codec } from '../../lib/codec/codec.ts';
import { protobuf } from '../../lib/codec/protobuf.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import {
  hex,
  Ping,
  Pong,
  thrownBy,
  toHex,
  typeOf,
  type Move,
  type Resign,
  type Same,
} from './messages.ts';

const encodeFailed: unknown = expect.objectContaining({ code: 'RXMESH_ENCODE_FAILED' });
const decodeFailed: unknown = expect.objectContaining({ code: 'RXMESH_DECODE_FAILED' });

/** Encodes what the types of TypeScript would not let through. */
const encodeAny = (codec: { encode(message: never): Uint8Array }, message: unknown): Uint8Array =>
  codec.encode(message as never);

describe('protobuf: a reflection type', () => {
  const moves = protobuf<Move>(typeOf('Move'));

  it('has the message type that it is given', () => {
    const same: Same<typeof moves, Codec<Move>> = true;
    expect(same).toBe(true);
    // @ts-expect-error x is a number
    expect(thrownBy(() => moves.encode({ x: 'one', y: 1 }))).toEqual(encodeFailed);
  });

  it('writes and reads protobuf', () => {
    expect(toHex(moves.encode({ x: 1, y: 300 }))).toBe('080110ac02');
    expect(moves.decode(hex('080110ac02'))).toMatchObject({ x: 1, y: 300 });
  });

  it('encodes defaults as no bytes, and decodes no bytes as defaults', () => {
    expect(toHex(moves.encode({ x: 0, y: 0 }))).toBe('');
    const { x, y } = moves.decode(hex(''));
    expect([x, y]).toEqual([0, 0]);
  });

  it('encodes instances of its class, and messages that it has decoded', () => {
    const type = typeOf('Move');
    expect(toHex(encodeAny(moves, type.create({ x: 1 })))).toBe('0801');
    expect(toHex(moves.encode(moves.decode(hex('080110ac02'))))).toBe('080110ac02');
  });

  it('skips fields that the type does not have', () => {
    expect(moves.decode(hex('08011a0161'))).toEqual(typeOf('Move').create({ x: 1 }));
  });

  it('decodes bytes fields as views into the received bytes', () => {
    const codec = protobuf<{ data: Uint8Array }>(typeOf('Everything'));
    const bytes = hex('2202beef');
    expect(codec.decode(bytes).data.buffer).toBe(bytes.buffer);
  });

  it.each([
    ['cut in a field', '08'],
    ['cut in a string', '0a0261'],
    ['an endless varint', '10ffffffffffffffffffff01'],
    ['field number 0', '0001'],
    ['an unknown wire type', '0f'],
    ['invalid UTF-8', '0a02c328'],
  ])('R-12 refuses malformed bytes: %s', (_, bytes) => {
    const error = thrownBy(() => protobuf(typeOf('Everything')).decode(hex(bytes)));
    expect(error).toBeInstanceOf(RxmeshError);
    expect(error).toMatchObject({ code: 'RXMESH_DECODE_FAILED' });
    expect(error).toHaveProperty('cause.message');
  });

  it('R-12 refuses a message of another type, if asked to refuse unknown fields', () => {
    const strict = protobuf<Move>(typeOf('Move'), { unknownFields: 'refuse' });
    const resign = protobuf<Resign>(typeOf('Resign')).encode({ reason: 'time' });
    expect(thrownBy(() => strict.decode(resign))).toEqual(decodeFailed);
    expect(thrownBy(() => strict.decode(hex('08011a0161')))).toEqual(decodeFailed);
    expect(strict.decode(hex('080110ac02'))).toMatchObject({ x: 1, y: 300 });
    expect(toHex(protobuf<Move>(typeOf('Move')).encode(moves.decode(resign)))).toBe('');
  });

  it.each([
    ['R-11 nothing', undefined],
    ['R-11 null', null],
    ['a number', 1],
    ['a string', 'move'],
    ['a list', [1]],
    ['an empty list', []],
    ['no bytes', Uint8Array.of()],
    ['bytes', Uint8Array.of(1)],
    ['a string for a number', { x: 'one' }],
    ['a bigint for a number', { x: 1n }],
    ['R-12 only properties without a field', { reason: 'time' }],
    ['R-12 an instance of another type', typeOf('Resign').create({ reason: 'time' })],
    ['R-12 an instance of another class', new Ping({ nonce: 1 })],
  ])('refuses to encode %s', (_, message) => {
    expect(thrownBy(() => encodeAny(moves, message))).toEqual(encodeFailed);
  });

  it.each([
    ['a Promise, that nobody has awaited', Promise.resolve({ text: 'hi' })],
    ['a Map', new Map([['text', 'hi']])],
    ['a Set', new Set(['hi'])],
    ['a Date', new Date(0)],
    ['an Error', new Error('hi')],
  ])('refuses %s, which has no fields', (_, message) => {
    const codec = protobuf<object>(typeOf('Resign'));
    expect(thrownBy(() => codec.encode(message))).toEqual(encodeFailed);
  });

  it('R-11 says what it expected when it gets nothing', () => {
    const error = thrownBy(() => encodeAny(moves, null));
    expect(error).toHaveProperty('message', expect.stringContaining('an object, not null'));
  });

  it('encodes instances of a class of the application', () => {
    class Point {
      readonly x = 1;
      readonly y = 300;
    }
    expect(toHex(moves.encode(new Point()))).toBe('080110ac02');
  });

  it.each([
    ['the first message', 0],
    ['one that comes later', 2],
    ['one that is longer than what lies together', 5000],
  ])('refuses half a surrogate pair, which no receiver would take: %s', (_what, before) => {
    const codec = protobuf<object>(
      protobufjs.Type.fromJSON('Text', {
        fields: {
          text: { type: 'string', id: 1 },
          texts: { rule: 'repeated', type: 'string', id: 2 },
          words: { keyType: 'string', type: 'string', id: 3 },
        },
      } as never),
      { verify: false },
    );
    const long = 'x'.repeat(before);
    for (let count = 0; count < Math.min(before, 3); count += 1) codec.encode({ text: long });
    for (const broken of ['\ud83d', 'a\ude00', '\ude00\ud83d']) {
      for (const message of [
        { text: long + broken },
        { texts: ['fine', broken] },
        { words: { [broken]: 'fine' } },
        { words: { fine: broken } },
      ]) {
        const error = thrownBy(() => codec.encode(message));
        expect(error).toEqual(encodeFailed);
        expect(error).toHaveProperty('message', expect.stringContaining('half a surrogate pair'));
      }
    }
    const whole = { text: `${long}\u{1f600}` };
    expect(codec.decode(codec.encode(whole))).toEqual(expect.objectContaining(whole));
  });

  it('does not verify values with verify: false', () => {
    const trusting = protobuf<{ big: unknown }>(typeOf('Everything'), { verify: false });
    expect(toHex(trusting.encode({ big: 5n }))).toBe('590000000000000000');
    const verifying = protobuf<{ big: unknown }>(typeOf('Everything'));
    expect(thrownBy(() => verifying.encode({ big: 5n }))).toEqual(encodeFailed);
  });

  it('decodes 64-bit fields as Long, and encodes numbers and Long', () => {
    const codec = protobuf<{ big: unknown }>(typeOf('Everything'));
    const long = codec.decode(hex('59ffffffffffffff7f')).big;
    expect(BigInt(String(long))).toBe(2n ** 63n - 1n);
    expect(toHex(codec.encode({ big: 2 ** 32 + 1 }))).toBe('590100000001000000');
    expect(toHex(codec.encode({ big: long }))).toBe('59ffffffffffffff7f');
    expect(protobufjs.util.Long).toBeTruthy();
  });

  it('never writes again to bytes that it has returned', () => {
    const codec = protobuf<Resign>(typeOf('Resign'));
    const first = codec.encode({ reason: 'a' });
    codec.encode({ reason: 'b' });
    codec.encode({ reason: 'c'.repeat(100_000) });
    expect(toHex(codec.encode({ reason: 'd' }))).toBe('0a0164');
    expect(toHex(first)).toBe('0a0161');
  });

  it('encodes correctly after a message whose getter threw halfway', () => {
    const codec = protobuf<object>(typeOf('Everything'), { verify: false });
    codec.encode({ count: 1 });
    const move = {
      x: 1,
      get y(): number {
        throw new Error('no y');
      },
    };
    const error = thrownBy(() => codec.encode({ text: 'half', move }));
    expect(error).toMatchObject({ code: 'RXMESH_ENCODE_FAILED', cause: new Error('no y') });
    expect(toHex(codec.encode({ count: 1 }))).toBe('1001');
  });

  it('encodes correctly when a getter encodes another message', () => {
    const codec = protobuf<Move>(typeOf('Move'), { verify: false });
    codec.encode({ x: 9, y: 9 });
    let inner = '';
    const outer = codec.encode({
      x: 1,
      get y() {
        inner = toHex(codec.encode({ x: 7, y: 8 }));
        return 2;
      },
    });
    expect([inner, toHex(outer)]).toEqual(['08071008', '08011002']);
  });

  it('decodes any message as it was sent', () => {
    const type = typeOf('Everything');
    const codec = protobuf<object>(type);
    const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const text = fc.string({ unit: 'grapheme' });
    const message = fc.record(
      {
        text,
        count: uint32,
        signed: fc.integer(),
        data: fc.uint8Array(),
        flag: fc.boolean(),
        ratio: fc.double({ noNaN: true }),
        numbers: fc.array(uint32),
        words: fc.dictionary(fc.string(), text),
        move: fc.record({ x: uint32, y: uint32 }),
        resigns: fc.array(fc.record({ reason: text })),
      },
      { requiredKeys: [] },
    );
    const plain = (value: object): object =>
      type.toObject(type.fromObject(value), { defaults: true, bytes: Array });
    fc.assert(
      fc.property(message, (sent) => {
        expect(plain(codec.decode(Uint8Array.from(codec.encode(sent))))).toEqual(plain(sent));
      }),
    );
  });

  it('throws only RxmeshError, whatever the bytes', () => {
    const codec = protobuf<object>(typeOf('Everything'));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          codec.decode(bytes);
        } catch (error) {
          expect(error).toEqual(decodeFailed);
        }
      }),
    );
  });
});

describe('protobuf: a generated class', () => {
  it('refuses half a surrogate pair', () => {
    const codec = protobuf(Ping);
    for (let count = 0; count < 2; count += 1) {
      const error = thrownBy(() => codec.encode({ nonce: 1, note: 'a\ud83d' }));
      expect(error).toEqual(encodeFailed);
    }
    expect(codec.decode(codec.encode({ nonce: 1, note: 'a\u{1f600}' })).note).toBe('a\u{1f600}');
  });

  const pings = protobuf(Ping);

  it('has the fields of the class as its message type', () => {
    interface Fields {
      nonce: number;
      note: string;
      $unknowns?: Uint8Array[];
    }
    const same: Same<typeof pings, Codec<Fields>> = true;
    expect(same).toBe(true);
    // @ts-expect-error nonce is a number
    expect(thrownBy(() => pings.encode({ nonce: 'one', note: '' }))).toEqual(encodeFailed);
  });

  it('writes and reads protobuf', () => {
    expect(toHex(pings.encode({ nonce: 5, note: 'hi' }))).toBe('080512026869');
    expect(toHex(pings.encode(new Ping({ nonce: 5 })))).toBe('0805');
    const ping = pings.decode(hex('0805'));
    expect(ping).toBeInstanceOf(Ping);
    expect([ping.nonce, ping.note]).toEqual([5, '']);
  });

  it('accepts instances of derived classes', () => {
    class LoudPing extends Ping {}
    expect(toHex(pings.encode(new LoudPing({ nonce: 5 })))).toBe('0805');
  });

  it.each<[string, unknown]>([
    ['another class', new Pong()],
    ['a reflected message', typeOf('Move').create({ x: 1 })],
    ['only properties without a field', { x: 1 }],
  ])('refuses to encode %s', (_, message) => {
    expect(thrownBy(() => encodeAny(pings, message))).toEqual(encodeFailed);
  });

  it('R-12 refuses unknown fields, if asked to', () => {
    const strict = protobuf(Ping, { unknownFields: 'refuse' });
    expect(thrownBy(() => strict.decode(hex('08051a00')))).toEqual(decodeFailed);
    expect(strict.decode(hex('0805'))).toMatchObject({ nonce: 5 });
  });

  it('encodes defaults of a derived class as nothing', () => {
    class LoudPing extends Ping {}
    const codec = protobuf(LoudPing);
    expect(toHex(codec.encode({ nonce: 0, note: '' }))).toBe('');
    expect(thrownBy(() => encodeAny(codec, { x: 1 }))).toEqual(encodeFailed);
  });

  it('does not guess at the fields of a class without defaults', () => {
    expect(toHex(encodeAny(protobuf(Pong), { x: 1 }))).toBe('');
  });

  it('works with a class that has no verify', () => {
    expect(toHex(protobuf(Pong).encode(new Pong()))).toBe('');
  });

  it('accepts an object of functions as a class', () => {
    const codec = protobuf({
      encode: (message: Ping, writer?: Writer) => Ping.encode(message, writer),
      decode: (bytes: Uint8Array) => Ping.decode(bytes),
    });
    expect(toHex(codec.encode({ nonce: 5, note: '' }))).toBe('0805');
    expect(codec.decode(hex('0805')).nonce).toBe(5);
  });
});
