import { isDeepStrictEqual } from 'node:util';
import type { Codec } from '../../../lib/codec/codec.ts';
import { json } from '../../../lib/codec/json.ts';
import { limited } from '../../../lib/codec/limited.ts';
import { bytesOf } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import type { Random } from '../random.ts';
import { attempt, expectThat, type Target } from '../target.ts';

const elementsMax = 24;
const depthMax = 6;
const codecs: readonly Codec<unknown>[] = [
  json<unknown>({ elementsMax, depthMax }),
  limited(json<unknown>(), { messageBytesMax: 200 }),
  json<unknown>({
    validate: (value) => {
      if (typeof value === 'object') return value;
      throw new TypeError('it is not an object');
    },
  }),
];

const scalars = [
  'null',
  'true',
  '0',
  '-0',
  '1e999',
  '1e-999',
  '9007199254740993',
  '""',
  '"\\ud83d"',
  '"\\u0000\u2028"',
  '"[{,"',
  '"\\\\\\""',
] as const;
/** Text that other encoders might mistake for JSON. */
const strange = ['\ufeff1', '01', 'NaN', '1.', "'a'", '[1,]', '"\t"', ''] as const;
const names = ['"a"', '"__proto__"', '"toJSON"', '"constructor"', '"kind"', '"0"', '""'] as const;

function text(random: Random, depth: number): string {
  if (depth === 0 || random.once(3)) return random.pick(random.once(40) ? strange : scalars);
  const parts = random.list(0, random.once(9) ? 30 : 3, () => text(random, depth - 1));
  if (random.once(2)) return `[${parts.join(random.pick([',', ', ', ',\n']))}]`;
  return `{${parts.map((part) => `${random.pick(names)}:${part}`).join(',')}}`;
}

/** A value after a round trip through JSON, where infinities become null and -0 becomes 0. */
function said(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : null;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(said);
  return new Map(Object.entries(value).map(([name, each]) => [name, said(each)]));
}

function sizeOf(value: unknown): { elements: number; depth: number } {
  if (typeof value !== 'object' || value === null) return { elements: 1, depth: 0 };
  const sizes = Object.values(value).map(sizeOf);
  return {
    elements: sizes.reduce((sum, { elements }) => sum + elements, 1),
    depth: 1 + Math.max(0, ...sizes.map(({ depth }) => depth)),
  };
}

function checkCodec(codec: Codec<unknown>, input: Uint8Array): string {
  const codes = ['RXMESH_DECODE_FAILED', 'RXMESH_MESSAGE_TOO_LARGE'] as const;
  const decoded = attempt(() => codec.decode(input), codes);
  if ('code' in decoded) return decoded.code;
  const encoded = attempt(() => codec.encode(decoded.value), ['RXMESH_MESSAGE_TOO_LARGE']);
  if ('code' in encoded) return `${encoded.code} when written`;
  const again = attempt(() => codec.decode(encoded.value), codes);
  const isSame = 'value' in again && isDeepStrictEqual(said(again.value), said(decoded.value));
  expectThat(isSame, 'a message is written as another');
  return 'value';
}

/** JSON messages. */
export const jsonMessages: Target = {
  name: 'json',
  share: 10,
  generate(random) {
    const bytes = bytesOf(text(random, random.below(9)));
    return random.once(3) ? bytes : mutate(bytes, random, bytesOf(text(random, 2)));
  },
  check(input) {
    const outcomes = codecs.map((codec) => checkCodec(codec, input));
    const decoded = attempt(() => codecs[0]?.decode(input), ['RXMESH_DECODE_FAILED']);
    if ('value' in decoded) {
      const { elements, depth } = sizeOf(decoded.value);
      // Short messages are not counted: each element takes at least one byte, and each level two.
      expectThat(elements <= Math.max(elementsMax, 2 * depthMax), `${elements} elements`);
      expectThat(depth <= depthMax, `${depth} deep`);
    }
    return outcomes.join('; ');
  },
};
