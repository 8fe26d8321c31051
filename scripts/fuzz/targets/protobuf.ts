import { isDeepStrictEqual } from 'node:util';
import protobufjs, { type Message, type Type } from 'protobufjs';
import type { Codec } from '../../../lib/codec/codec.ts';
import { limited } from '../../../lib/codec/limited.ts';
import { protobuf } from '../../../lib/codec/protobuf.ts';
import { joined, varint } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { attempt, expectThat, type Target } from '../target.ts';

const { root } = protobufjs.parse(`
  syntax = "proto3";
  message Leaf { uint32 x = 1; string text = 2; }
  message Tree {
    repeated Tree trees = 1; Leaf leaf = 2; repeated uint32 counts = 3; repeated sint64 longs = 4;
    repeated double ratios = 5; repeated fixed32 fixed = 6; map<string, Leaf> leaves = 7;
    map<int32, bytes> blobs = 8; string text = 9; bytes data = 10; bool flag = 11; float ratio = 12;
    optional int32 maybe = 13; oneof sum { Leaf left = 14; string right = 15; } repeated string texts = 16;
    fixed64 big = 17; repeated bool flags = 18;
  }
`);
/** The type of the messages. */
const tree: Type = root.lookupType('Tree');
/** A type with different fields for the same numbers. */
export const leaf: Type = root.lookupType('Leaf');

const elementsMax = 48;
const depthMax = 6;
const messageBytesMax = 400;
const options = { elementsMax, depthMax };
const codecs: readonly [string, Codec<object>][] = [
  ['', limited(protobuf<object>(tree, options), { messageBytesMax })],
  ['strict ', protobuf<object>(tree, { ...options, unknownFields: 'refuse' })],
  ['defaults ', protobuf<object>(tree)],
];

const wireTypes = [0, 1, 2, 2, 2, 3, 4, 5, 7] as const;

/** A field with any number and wire type, and a value that usually fits. */
function field(random: Random, depth: number): Uint8Array {
  const wireType = random.pick(wireTypes);
  const tag = varint(random.below(random.once(12) ? 600 : 19) * 8 + wireType);
  if (wireType === 0) return joined([tag, varint(random.number(), random.once(20) ? 3 : 0)]);
  if (wireType === 1) return joined([tag, random.bytes(8)]);
  if (wireType === 5) return joined([tag, random.bytes(4)]);
  if (wireType !== 2) return Uint8Array.from(tag);
  const value =
    depth > 0 && !random.once(3)
      ? message(random, depth - 1)
      : random.bytes(random.below(random.once(9) ? 90 : 6));
  return joined([tag, varint(random.once(30) ? random.number() : value.length), value]);
}

function message(random: Random, depth: number): Uint8Array {
  return joined(random.list(0, depth < 3 ? 2 : 4, () => field(random, depth)));
}

/** A message as a sender might build it. */
function valid(random: Random, depth = random.below(8)): Record<string, unknown> {
  const number = (): number => random.number() % 2 ** 31;
  const leafOf = (): object => ({ x: number(), text: random.pick(['', 'a', '\u00fc', '\ufeff']) });
  return {
    ...(depth > 0 && { trees: random.list(0, 2, () => valid(random, depth - 1)) }),
    ...(random.once(2) && { leaf: leafOf() }),
    ...(random.once(3) && { counts: random.list(0, 30, number) }),
    ...(random.once(4) && { ratios: random.list(0, 9, () => number() / 7 - 9) }),
    ...(random.once(4) && { fixed: random.list(0, 9, number) }),
    ...(random.once(4) && { longs: random.list(0, 9, () => number() - 2 ** 30) }),
    ...(random.once(4) && { leaves: { a: leafOf(), [random.pick(['__proto__', 'b'])]: leafOf() } }),
    ...(random.once(4) && { blobs: { 7: random.bytes(3), [number()]: random.bytes(1) } }),
    ...(random.once(4) && { [random.pick(['left', 'leaf'])]: leafOf(), maybe: number() }),
    ...(random.once(4) && { texts: random.list(0, 5, () => random.pick(['', 'text'])) }),
    ...(random.once(4) && { flags: random.list(0, 5, () => random.once(2)) }),
  };
}

/** The bytes of a `Tree`: a valid message, possibly mutated, or arbitrary fields. */
function treeBytes(random: Random): Uint8Array {
  if (random.once(5)) return message(random, random.below(7));
  const bytes = tree.encode(valid(random)).finish();
  return random.once(4) ? bytes : mutate(bytes, random, message(random, 2));
}

/** A message as plain values for comparison. Longs and bytes become strings. */
export function plain(type: Type, decoded: object): unknown {
  return type.toObject(decoded as Message, { longs: String, bytes: String });
}

/** Whether a value contains no elements; true for bytes and for a `Long`. */
function isScalar(value: unknown): value is string | number | boolean | null | undefined {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return true;
  return value instanceof protobufjs.util.Long;
}

/** Counts the elements of a decoded value: fields, list values and map entries. */
function elementsOf(value: unknown): number {
  if (isScalar(value)) return 0;
  const values: unknown[] = Object.values(value);
  return values.reduce<number>((sum, each) => {
    // Lists and maps are always present, and do not count while empty.
    return sum + (Array.isArray(each) || isMap(each) ? 0 : 1) + elementsOf(each);
  }, 0);
}

function isMap(value: unknown): boolean {
  return !isScalar(value) && value.constructor === Object;
}

/** How deeply messages are nested. Lists and maps do not count. */
function depthOf(value: unknown): number {
  if (isScalar(value)) return 0;
  const own = Array.isArray(value) || isMap(value) ? 0 : 1;
  return own + Math.max(0, ...Object.values(value).map(depthOf));
}

/** The outcome of a codec. Whatever it decodes must survive another round trip. */
function checkCodec(codec: Codec<object>, input: Uint8Array): string {
  const decoded = attempt(
    () => codec.decode(input),
    ['RXMESH_DECODE_FAILED', 'RXMESH_MESSAGE_TOO_LARGE'],
  );
  if ('code' in decoded) return decoded.code;
  const value = plain(tree, decoded.value);
  const encoded = attempt(() => codec.encode(decoded.value), ['RXMESH_MESSAGE_TOO_LARGE']);
  if ('code' in encoded) return `${encoded.code} when written`;
  const again = attempt(() => codec.decode(encoded.value), []);
  const isSame = 'value' in again && isDeepStrictEqual(plain(tree, again.value), value);
  expectThat(isSame, 'a message is written as another');
  return 'value';
}

/** Protobuf messages, with explicit limits and with defaults. */
export const protobufMessages: Target = {
  name: 'protobuf',
  share: 14,
  generate: treeBytes,
  check(input) {
    const outcomes = codecs.map(([name, codec]) => name + checkCodec(codec, input));
    const [, [, strict] = []] = codecs;
    const decoded = attempt(() => strict?.decode(input), ['RXMESH_DECODE_FAILED']);
    if ('value' in decoded) {
      const elements = elementsOf(decoded.value);
      expectThat(elements <= elementsMax, `${elements} elements`);
      const depth = depthOf(decoded.value);
      expectThat(depth <= depthMax, `${depth} deep`);
    }
    return outcomes.join('; ');
  },
};
