import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import protobufjs from 'protobufjs';

import { json } from '../../lib/codec/json.ts';
import type { MessageType } from '../../lib/codec/message-type.ts';
import { oneof } from '../../lib/codec/oneof.ts';
import { protobuf } from '../../lib/codec/protobuf.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { hex, Ping, thrownBy, typeOf } from './messages.ts';

const { root } = protobufjs.parse(`
  syntax = "proto2";
  message Leaf {}
  message Tree {
    repeated Leaf leaves = 1; repeated Tree trees = 2; optional string text = 3; optional bytes data = 4;
    repeated uint32 numbers = 5 [packed = true]; repeated double doubles = 6 [packed = true];
    map<string, uint32> words = 7; repeated group Item = 8 { optional uint32 x = 1; }
    repeated bool flags = 9 [packed = true]; repeated fixed32 fixed = 10 [packed = true];
    repeated uint64 longs = 11 [packed = true]; repeated sint64 signed = 12 [packed = true];
  }
  message Must { required uint32 x = 1; repeated uint32 list = 2; }
`);
const tree = root.lookupType('Tree');

/** `count` times the bytes of `text`. */
const times = (count: number, text: string): Uint8Array => hex(text.repeat(count));
const text = (json: string): Uint8Array => new TextEncoder().encode(json);
const tooMany: unknown = expect.objectContaining({
  code: 'RXMESH_DECODE_FAILED',
  message: expect.stringContaining('more elements than elementsMax, 10'),
});

/** A length-delimited field. */
const field = (number: number, body: string): string => {
  const length = body.length / 2;
  return [number * 8 + 2, length].map((byte) => byte.toString(16).padStart(2, '0')).join('') + body;
};

describe('S-02 bounds on what a protobuf message may decode into', () => {
  const codec = protobuf(tree, { elementsMax: 10 });

  it.each([
    ['empty submessages', '0a00'.repeat(10), '0a00'.repeat(11)],
    ['submessages of them', field(2, '0a00'.repeat(9)), field(2, '0a00'.repeat(10))],
    ['varints of a packed list', field(5, '01'.repeat(9)), field(5, '01'.repeat(10))],
    ['long varints of it', field(5, '8001'.repeat(9)), field(5, '8001'.repeat(10))],
    ['flags', field(9, '01'.repeat(9)), field(9, '01'.repeat(10))],
    ['doubles', field(6, '00'.repeat(72)), field(6, '00'.repeat(80))],
    ['fixed numbers', field(10, '00'.repeat(36)), field(10, '00'.repeat(40))],
    ['64-bit numbers', field(11, '01'.repeat(9)), field(11, '01'.repeat(10))],
    ['signed 64-bit numbers', field(12, '01'.repeat(9)), field(12, '01'.repeat(10))],
    ['numbers that are not packed', '2801'.repeat(10), '2801'.repeat(11)],
    [
      'entries of a map',
      field(7, '0a016110 01'.replace(' ', '')).repeat(3),
      field(7, '0a01611001').repeat(4),
    ],
    ['unknown fields', 'a00601'.repeat(10), 'a00601'.repeat(11)],
  ])('counts %s', (_, fits, isMore) => {
    expect(() => codec.decode(hex(fits))).not.toThrow();
    expect(thrownBy(() => codec.decode(hex(isMore)))).toEqual(tooMany);
  });

  it('counts the fields inside groups', () => {
    expect(() => codec.decode(times(3, '43080144'))).not.toThrow();
    expect(thrownBy(() => codec.decode(times(11, '43080144')))).toEqual(tooMany);
  });

  it('does not mistake a string or bytes for a message or a list', () => {
    expect(codec.decode(hex(field(3, '0a00'.repeat(50))))).toMatchObject({
      text: '\n\0'.repeat(50),
    });
    expect(codec.decode(hex(field(4, '01'.repeat(100))))['data']).toHaveLength(100);
  });

  it('by default accepts 131,072 elements and refuses 131,073', () => {
    const usual = protobuf<{ leaves: unknown[] }>(tree);
    expect(usual.decode(times(131_072, '0a00')).leaves).toHaveLength(131_072);
    expect(thrownBy(() => usual.decode(times(131_073, '0a00')))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
    });
    const endless = protobuf<{ leaves: unknown[] }>(tree, { elementsMax: Infinity });
    expect(endless.decode(times(131_073, '0a00')).leaves).toHaveLength(131_073);
  });

  it('applies to generated classes, and to types with required fields', () => {
    const pings = protobuf(Ping, { elementsMax: 10 });
    expect(pings.decode(times(10, '0801')).nonce).toBe(1);
    expect(thrownBy(() => pings.decode(times(11, '0801')))).toEqual(tooMany);
    const must = protobuf<{ x: number }>(root.lookupType('Must'), { elementsMax: 10 });
    expect(must.decode(times(10, '0801')).x).toBe(1);
  });

  it('bounds the length instead, for a type whose decoding it cannot watch', () => {
    const alone: MessageType<{ length: number }> = {
      encode: (message, writer) => Ping.encode(message, writer as protobufjs.Writer),
      decode: ({ length }) => ({ length }),
    };
    const codec = protobuf(alone, { elementsMax: 10 });
    expect(codec.decode(new Uint8Array(10))).toEqual({ length: 10 });
    expect(thrownBy(() => codec.decode(new Uint8Array(11)))).toEqual(tooMany);
  });

  it('bounds the depth', () => {
    const nested = (depth: number): Uint8Array => {
      let body = '';
      for (let i = 1; i < depth; i++) body = field(2, body);
      return hex(body);
    };
    const three = protobuf<object>(tree, { depthMax: 3 });
    expect(() => three.decode(nested(3))).not.toThrow();
    expect(thrownBy(() => three.decode(nested(4)))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
    });
    expect(() => protobuf<object>(tree, { depthMax: 120 }).decode(nested(60))).not.toThrow();
  });

  it('also counts when unknown fields are refused', () => {
    const strict = protobuf<object>(typeOf('Move'), { elementsMax: 10, unknownFields: 'refuse' });
    expect(() => strict.decode(times(10, '0801'))).not.toThrow();
    expect(thrownBy(() => strict.decode(times(11, '0801')))).toEqual(tooMany);
  });

  it('applies to oneof', () => {
    const games = oneof<{ move: object; resign: object }>(
      typeOf('Game'),
      { move: typeOf('Move'), resign: typeOf('Resign') },
      { elementsMax: 10 },
    );
    expect(() => games.decode(times(10, '0a00'))).not.toThrow();
    expect(thrownBy(() => games.decode(times(11, '0a00')))).toEqual(tooMany);
  });
});

describe('S-02 bounds on what a JSON message may decode into', () => {
  const codec = json<unknown>({ elementsMax: 10, depthMax: 3 });

  it.each([
    ['numbers', '[1,2,3,4,5,6,7,8,9]', '[1,2,3,4,5,6,7,8,9,10]'],
    ['empty lists', '[[],[],[],[]]', '[[],[],[],[],[]]'],
    ['properties', '{"a":{"b":1,"c":2},"d":[1,2,3,4]}', '{"a":{"b":1,"c":2},"d":[1,2,3,4,5,6]}'],
  ])('counts %s', (_, fits, isMore) => {
    for (const each of [codec, json({ elementsMax: 10 })]) {
      expect(each.decode(text(fits))).toEqual(JSON.parse(fits));
      expect(thrownBy(() => each.decode(text(isMore)))).toEqual(tooMany);
    }
  });

  it.each([
    '"[[[[,,,,,,,,,,,,,,,,,"',
    '["a\\",,,,,,,,,,,,,,[[[[","\\\\"]',
    '"\\\\\\",,,,,,,,,,,,,,"',
  ])('looks past texts: %s', (message) => {
    expect(codec.decode(text(message))).toEqual(JSON.parse(message));
  });

  it('bounds the depth', () => {
    expect(codec.decode(text('[[[1]]]'))).toEqual([[[1]]]);
    expect(codec.decode(text('[[[]],[[]]]'))).toEqual([[[]], [[]]]);
    expect(thrownBy(() => codec.decode(text('[[[[]]]]')))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
      message: expect.stringContaining('deeper than depthMax, 3'),
    });
  });

  it('is exact, whatever it leaves uncounted', () => {
    const nested = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(1, '', '[{,', '"\\"', null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom('a', '}]', '\\'), tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null
        ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
        : 0;
    const sizeOf = (value: unknown): number => {
      if (typeof value !== 'object' || value === null) return 1;
      const values: readonly unknown[] = Object.values(value);
      return values.reduce((sum: number, each) => sum + sizeOf(each), values.length > 0 ? 1 : 2);
    };
    fc.assert(
      fc.property(
        nested,
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(1, 2, 3, 4, 5, 1_000),
        (value, elementsMax, depthMax) => {
          const fits = sizeOf(value) <= elementsMax && depthOf(value) <= depthMax;
          const decode = () => json({ elementsMax, depthMax }).decode(text(JSON.stringify(value)));
          if (fits) expect(decode()).toEqual(value);
          else expect(decode).toThrow(RxmeshError);
        },
      ),
      { seed: 1, numRuns: 600 },
    );
  });

  it('by default refuses 131,073 elements, and a depth of 1,001', () => {
    const usual = json<unknown[]>();
    const list = (length: number): Uint8Array => text(JSON.stringify(Array(length).fill(1)));
    expect(usual.decode(list(131_071))).toHaveLength(131_071);
    expect(thrownBy(() => usual.decode(list(131_073)))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
    });
    const nested = (depth: number): Uint8Array => text('['.repeat(depth) + ']'.repeat(depth));
    expect(() => usual.decode(nested(1000))).not.toThrow();
    expect(() => usual.decode(nested(1001))).toThrow('depthMax');
  });

  it.each(['"an open text', '"\\', '}}}}}}}}}}}}}}}}}}}}', '[[[1,2'])(
    'leaves what is no JSON to the parser: %s',
    (message) => {
      expect(thrownBy(() => json({ depthMax: 1 }).decode(text(message)))).toMatchObject({
        code: 'RXMESH_DECODE_FAILED',
      });
    },
  );
});

describe('S-02 limits out of range', () => {
  it.each([0, -1, 1.5, NaN])('are refused at once: %s', (limit) => {
    expect(() => json({ elementsMax: limit })).toThrow(RangeError);
    expect(() => json({ depthMax: limit })).toThrow(RangeError);
    expect(() => protobuf(Ping, { elementsMax: limit })).toThrow(RangeError);
    expect(() => protobuf(Ping, { depthMax: limit })).toThrow(RangeError);
  });
});
