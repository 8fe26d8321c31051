import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Identity, RxmeshError } from 'rxmesh';
import { parse } from 'rxmesh/protobufjs';
import { Frame, kinds } from '../../lib/gossip/frame.ts';
import { frameCodec, outgoingCodec } from '../../lib/gossip/frame-codec.ts';
import { digestOf, isSigned, originOf, signatureOf } from '../../lib/gossip/signing.ts';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { anyCharacter } from '../support/any-character.ts';

const page = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');
const section = page.split('\n## Gossip\n')[1] ?? '';
const schema = /```proto\n(.*?)```/s.exec(section)?.[1] ?? '';
const hi = Uint8Array.of(0x68, 0x69);
const ids = Uint8Array.from({ length: 20 }, (_, i) => i);
const identity = Identity.fromSeed(new Uint8Array(32));

const frame = (kind: number, fields: Partial<Frame> = {}): Frame =>
  Object.assign(new Frame(kind), fields);

/** The fields of a frame, with bytes as lists. */
const fieldsOf = (given: Frame): object =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Uint8Array ? [...value] : value,
    ]),
  );

const vectors: readonly (readonly [string, string, Frame])[] = [
  ['HELLO, every topic', '080118012001', frame(1, { version: 1, isAll: true })],
  [
    'HELLO, the topics "a" and "b"',
    '080118012a01612a0162',
    frame(1, { version: 1, topics: ['a', 'b'] }),
  ],
  [
    'HAVE of the topic "a", one message after 3 links',
    '08031201613214000102030405060708090a0b0c0d0e0f101112133a0103',
    frame(3, { topic: 'a', ids, hops: Uint8Array.of(3) }),
  ],
  [
    'HAVE of a message that is not pushed',
    '08033214000102030405060708090a0b0c0d0e0f101112133a01004001',
    frame(3, { ids, hops: Uint8Array.of(0), isPull: true }),
  ],
  [
    'ASK, with graft',
    '08043214000102030405060708090a0b0c0d0e0f101112134801',
    frame(4, { ids, isGraft: true }),
  ],
  ['PRUNE of the topic "a"', '0805120161', frame(5, { topic: 'a' })],
  ['GONE', '08073214000102030405060708090a0b0c0d0e0f10111213', frame(7, { ids })],
  [
    'RECALL from the start, digest 2, of messages since 1,700,000,000,000',
    '08066880d095ffbc317002',
    frame(6, { dateMs: 1_700_000_000_000, seq: 2 }),
  ],
  [
    'RECALL of the part after place 300',
    '08066880d095ffbc3170028801ac02',
    frame(6, { dateMs: 1_700_000_000_000, seq: 2, place: 300 }),
  ],
  [
    'HAVE at the end of a part, after place 300',
    '08033214000102030405060708090a0b0c0d0e0f101112133a0100400170028801ac02',
    frame(3, { ids, hops: Uint8Array.of(0), isPull: true, seq: 2, place: 300 }),
  ],
];

describe('a frame of gossip', () => {
  it.each(vectors)('%s has the bytes of docs/wire.md, both ways', (name, hex, value) => {
    expect(section).toContain(`${name}: ${(hex.match(/../g) ?? []).join(' ')}\n`);
    expect(toHex(frameCodec.encode(value))).toBe(hex);
    expect(fieldsOf(frameCodec.decode(fromHex(hex) ?? hi))).toEqual(fieldsOf(value));
  });

  it('MESSAGE has the ID, the signature and the bytes of docs/wire.md', () => {
    const message = frame(kinds.message, {
      ...{ topic: 'a', key: identity.publicKey, dateMs: 1_700_000_000_000, seq: 7, payload: hi },
    });
    const digest = digestOf(message, 9);
    message.signature = signatureOf(identity, digest);
    const spaced = (bytes: Uint8Array): string => (toHex(bytes).match(/../g) ?? []).join(' ');
    expect(section).toContain(`hash: ${spaced(digest.hash)}\n`);
    expect(section).toContain(`signature: ${spaced(message.signature)}\n`);
    expect(section).toContain(`frame: ${spaced(frameCodec.encode(message))}\n`);
    expect(isSigned(message, digest)).toBe(true);
    expect(originOf(message, true)).toBe(identity.id);
    expect([...Buffer.from(digest.id, 'latin1')]).toEqual([...digest.hash.subarray(0, 20)]);
  });

  it('is the message of the schema in docs/wire.md', () => {
    const { root } = parse(schema, { keepCase: true });
    const type = root.lookupType('Frame');
    const texts = fc.string({ unit: anyCharacter });
    const uint64 = fc.maxSafeNat();
    const bytes = fc.uint8Array();
    fc.assert(
      fc.property(
        fc.tuple(texts, texts, fc.array(texts, { maxLength: 5 })),
        fc.tuple(uint64, uint64, uint64),
        fc.nat(2 ** 32 - 1),
        fc.tuple(bytes, bytes, bytes, bytes, bytes),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        ([topic, origin, topics], [dateMs, seq, place], hop, parts, [isAll, isPull, isGraft]) => {
          const [list, hops, key, payload, signature] = parts;
          const own = { topic, topics, hop, key, origin, seq, payload, signature, hops, place };
          const given = frame(2, { ...own, ids: list, dateMs, isAll, isPull, isGraft, version: 1 });
          const theirs = type.toObject(type.decode(frameCodec.encode(given)), {
            ...{ defaults: true, bytes: Array, longs: Number },
          });
          expect(theirs).toEqual({
            ...{
              kind: 2,
              version: 1,
              topic,
              topics,
              hop,
              origin,
              seq,
              place,
              all: isAll,
              pull: isPull,
            },
            ...{ graft: isGraft, date_ms: dateMs, ids: [...list], hops: [...hops], key: [...key] },
            ...{ payload: [...payload], signature: [...signature] },
          });
          const back = frameCodec.decode(type.encode(type.fromObject(theirs)).finish());
          expect(fieldsOf(back)).toEqual(fieldsOf(given));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is encoded once for several peers', () => {
    const given = frame(2, { payload: hi });
    const encoded = outgoingCodec.encode(given);
    expect(outgoingCodec.encode(encoded)).toBe(encoded);
    expect(outgoingCodec.decode(encoded)).toEqual(given);
  });

  it.each([
    ['a number above 2^53 - 1', '080268ffffffffffffffffff01'],
    ['a text that ends early', '0801120561'],
    ['more than 256 topics', `0801${'2a0161'.repeat(257)}`],
  ])('with %s does not decode', (_, hex) => {
    expect(() => frameCodec.decode(fromHex(hex) ?? hi)).toThrow(RxmeshError);
  });

  it('with an unknown field is read', () => {
    expect(frameCodec.decode(fromHex('0805a2060161') ?? hi).kind).toBe(5);
  });
});
