import { isDeepStrictEqual } from 'node:util';
import protobufjs, { type Type } from 'protobufjs';
import { oneof } from '../../../lib/codec/oneof.ts';
import { wrapped } from '../../../lib/codec/wrapped.ts';
import { joined, varint } from '../bytes.ts';
import { mutate } from '../mutate.ts';
import { attempt, expectThat, type Target } from '../target.ts';
import { plain } from './protobuf.ts';

const { root } = protobufjs.parse(`
  syntax = "proto3";
  message Move { uint32 x = 1; repeated uint32 ys = 2; }
  message Resign { string reason = 1; }
  message Game { oneof sum { Move move = 1; Resign resign = 2; } string note = 3; }
`);
const types: Readonly<Record<'move' | 'resign', Type>> = {
  move: root.lookupType('Move'),
  resign: root.lookupType('Resign'),
};

interface Kinds {
  move: { x: number; ys: number[] };
  resign: { reason: string };
}

const codec = oneof<Kinds>(root.lookupType('Game'), types, { elementsMax: 20, depthMax: 3 });
/** A codec that wraps the first one. */
const reasons = wrapped(codec, {
  wrap: (reason: string) => ({ kind: 'resign' as const, reason }),
  unwrap: (message) => {
    if (message.kind !== 'resign') throw new TypeError(`a ${message.kind} has no reason`);
    return message.reason;
  },
});

/** Messages in a oneof, and in a wrapper around it. */
export const oneofMessages: Target = {
  name: 'oneof',
  share: 7,
  generate(random) {
    const x = random.number() % 2 ** 31;
    const ys = random.list(0, random.once(6) ? 30 : 6, () => random.below(200));
    const bytes = random.once(2)
      ? codec.encode({ kind: 'move', x, ys })
      : codec.encode({ kind: 'resign', reason: random.pick(['', 'tired', '\ufeff']) });
    const text = random.bytes(random.below(4));
    const note = joined([[random.pick([26, 10, 18, 34])], varint(text.length), text]);
    const whole = random.once(4) ? joined([bytes, note]) : bytes;
    return random.once(3) ? whole : mutate(whole, random, note);
  },
  check(input) {
    const decoded = attempt(() => codec.decode(input), ['RXMESH_DECODE_FAILED']);
    const reason = attempt(() => reasons.decode(input), ['RXMESH_DECODE_FAILED']);
    if ('code' in decoded) {
      expectThat('code' in reason, 'what is wrapped decodes, and what wraps it does not');
      return decoded.code;
    }
    const { kind } = decoded.value;
    expectThat('value' in reason === (kind === 'resign'), 'the wrapper takes another kind');
    const again = codec.decode(codec.encode(decoded.value));
    const isSame = isDeepStrictEqual(plain(types[kind], again), plain(types[kind], decoded.value));
    expectThat(isSame && again.kind === kind, 'a message is written as another');
    if ('value' in reason) {
      const said = reasons.decode(reasons.encode(reason.value));
      expectThat(said === reason.value, 'a wrapped message is written as another');
    }
    return kind;
  },
};
