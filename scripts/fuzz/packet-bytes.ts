import { joined, varint } from './bytes.ts';
import { mutate } from './mutate.ts';
import type { Random } from './random.ts';

/** Channel IDs: open, not open, and out of range. */
const channel = (random: Random): number[] =>
  varint(
    random.once(12) ? random.number() : random.pick([7, 7, 8, 9, 10, 0, 0x80, 0xffff, 0x1_0000]),
    random.once(40) ? 1 : 0,
  );

/** A number in a packet, occasionally longer than necessary. */
const number = (random: Random, value: number): number[] =>
  varint(value, random.once(60) ? 1 + random.below(8) : 0);

const payloads = ['1', '"a"', '[1,2]', '{"a":{}}', 'x'.repeat(12), '\u0008\u0001'] as const;

function payload(random: Random): Uint8Array {
  if (random.once(3)) return random.bytes(random.below(random.once(20) ? 1_000 : 12));
  return new Uint8Array(Buffer.from(random.pick(payloads)));
}

function data(random: Random, last: boolean): Uint8Array {
  const bytes = payload(random);
  const length = random.once(30) ? random.number() : bytes.length;
  return joined([[last ? 1 : 0], channel(random), number(random, length), bytes]);
}

function bye(random: Random): Uint8Array {
  const text = random.pick([
    '',
    'bye',
    '\u00fc\u2028',
    '\ufeffx',
    'x'.repeat(256),
    'x'.repeat(257),
  ]);
  const bytes = random.once(4) ? random.bytes(random.below(6)) : Buffer.from(text);
  return joined([[7, random.below(9)], number(random, bytes.length), bytes]);
}

/** One packet (docs/wire.md, "Packets"), usually valid. */
function packet(random: Random): Uint8Array {
  const dice = random.below(24);
  if (dice < 8) return data(random, true);
  if (dice < 12) return data(random, false);
  if (dice < 15) {
    const [messages, bytes] = [random.number(), random.number()];
    return joined([[2], channel(random), number(random, messages), number(random, bytes)]);
  }
  if (dice < 17) return joined([[3], channel(random)]);
  if (dice < 18) return joined([[8], channel(random), number(random, random.number())]);
  if (dice < 20) return Uint8Array.of(5);
  if (dice < 22) return Uint8Array.of(6);
  if (dice < 23) return Uint8Array.of(4);
  return random.once(3) ? bye(random) : random.bytes(1 + random.below(4));
}

/** A packet that a session accepts, provided there is credit for it. */
function politePacket(random: Random): Uint8Array {
  const id = random.pick([10, 10, 10, 9, 8, 7]);
  const dice = random.below(12);
  if (dice < 7) {
    const bytes = payload(random);
    const isLast = bytes.length === 0 || !random.once(4);
    return joined([[isLast ? 1 : 0, id], varint(bytes.length), bytes]);
  }
  if (dice < 9) return joined([[2, id], varint(random.below(9)), varint(random.below(2 ** 20))]);
  if (dice < 10) return joined([[3], varint(random.pick([id, 11, 300]))]);
  if (dice < 11) return joined([[8, id], varint(1 + random.below(300))]);
  return Uint8Array.of(random.pick([5, 6]));
}

/** The packets of a record from a peer that holds the keys and follows all rules it can. */
export function politeRecord(random: Random): Uint8Array {
  const packets = joined(random.list(1, 5, () => politePacket(random)));
  if (!random.once(200)) return packets;
  // Each of these pings is valid.
  return joined([packets, ...Array<Uint8Array>(1_500).fill(Uint8Array.of(5))]);
}

/**
 * Maximum size of a record. The wire allows twice as much; repeating a short record covers that.
 */
const recordBytesMax = 60_000;

/** The packets of a record from a peer that holds the keys and follows no rules. */
export function record(random: Random): Uint8Array {
  const packets = random.list(1, random.once(8) ? 40 : 6, () => packet(random));
  // Repetition finds packets that are cheap alone but expensive in bulk.
  const repeated = random.once(50)
    ? packets.concat(Array<Uint8Array>(200).fill(random.pick([packet(random), packet(random)])))
    : packets;
  const bytes = joined(repeated).subarray(0, recordBytesMax);
  return random.once(3) ? mutate(bytes, random, joined([packet(random), packet(random)])) : bytes;
}
