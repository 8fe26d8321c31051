import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RxmeshError } from 'rxmesh';
import { parse } from 'rxmesh/protobufjs';
import { Frame, kinds } from '../../lib/deliveries/frame.ts';
import { frameCodec } from '../../lib/deliveries/frame-codec.ts';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { anyCharacter } from '../support/any-character.ts';

const page = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');
const section = page.split('\n## Deliveries\n')[1] ?? '';
const schema = /```proto\n(.*?)```/s.exec(section)?.[1] ?? '';
const hi = Uint8Array.of(0x68, 0x69);
const epoch = Uint8Array.from({ length: 16 }, (_, i) => i);

const frame = (kind: number, seq: number, fields: Partial<Frame> = {}): Frame =>
  Object.assign(new Frame(kind, seq), fields);

/** The fields of a frame, with bytes as lists. */
const fieldsOf = (given: Frame): object =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Uint8Array ? [...value] : value,
    ]),
  );

const vectors: readonly (readonly [string, string, Frame])[] = [
  [
    'OPEN 1, with the epoch 00 01 … 0f',
    '08012a10000102030405060708090a0b0c0d0e0f30016001',
    frame(1, 0, { epoch, opening: 1, version: 1 }),
  ],
  [
    'RESUME 1, after 300, with a window of 64 and 1 MiB',
    '080210ac023001384040808040',
    frame(2, 300, { opening: 1, window: 64, windowBytes: 1_048_576 }),
  ],
  ['MESSAGE 301', '080310ad0222026869', frame(3, 301, { payload: hi })],
  ['MESSAGE 304, after 301', '080310b002180222026869', frame(3, 304, { skip: 2, payload: hi })],
  ['ACKED 304', '080410b0023001', frame(4, 304, { opening: 1 })],
  [
    'FAILED 304, status 1, reason "odd", text "no"',
    '080510b0023001480152036f64645a026e6f',
    frame(5, 304, { opening: 1, status: 1, reason: 'odd', text: 'no' }),
  ],
  ['NOTED 304', '080610b002', frame(6, 304)],
  [
    'REFUSED, status 3, text "no"',
    '0807300148035a026e6f',
    frame(7, 0, { opening: 1, status: 3, text: 'no' }),
  ],
];

describe('a frame of deliveries', () => {
  it.each(vectors)('%s has the bytes of docs/wire.md, both ways', (name, hex, value) => {
    expect(section).toContain(`${name}: ${(hex.match(/../g) ?? []).join(' ')}\n`);
    expect(toHex(frameCodec.encode(value))).toBe(hex);
    expect(fieldsOf(frameCodec.decode(fromHex(hex) ?? hi))).toEqual(fieldsOf(value));
  });

  it('is the message of the schema in docs/wire.md', () => {
    const { root } = parse(schema, { keepCase: true });
    const type = root.lookupType('Frame');
    const texts = fc.string({ unit: anyCharacter });
    const uint32 = fc.nat(2 ** 32 - 1);
    const uint64 = fc.maxSafeNat();
    fc.assert(
      fc.property(
        fc.tuple(uint64, uint64),
        fc.tuple(uint32, uint32, uint32, uint32, uint32),
        fc.tuple(texts, texts),
        fc.tuple(fc.uint8Array(), fc.uint8Array()),
        ([seq, skip], [opening, window, windowBytes, status, version], [reason, text], bytes) => {
          const [payload, sender] = bytes;
          const own = { skip, opening, window, status, version, reason, text };
          const given = frame(3, seq, { ...own, windowBytes, payload, epoch: sender });
          const theirs = { ...own, kind: 3, seq, window_bytes: windowBytes };
          const decoded = type.decode(frameCodec.encode(given));
          const found = type.toObject(decoded, { defaults: true, bytes: Array, longs: Number });
          expect(found).toEqual({ ...theirs, payload: [...payload], epoch: [...sender] });
          const encoded = type.encode(type.fromObject({ ...theirs, payload, epoch: sender }));
          expect(fieldsOf(frameCodec.decode(encoded.finish()))).toEqual(fieldsOf(given));
        },
      ),
    );
  });

  it('has the kinds of the schema', () => {
    const members = [...schema.matchAll(/^ {4}([A-Z_]+) = (\d+);$/gm)].slice(1);
    expect(members.map(([, name, value]) => [name, Number(value)])).toEqual(
      Object.entries(kinds).map(([name, value]) => [name.toUpperCase(), value]),
    );
  });

  it('that is cut, or has a number above 2^53, is refused; other bytes make some frame', () => {
    const decode = (bytes: Uint8Array): unknown => {
      try {
        return frameCodec.decode(bytes);
      } catch (error) {
        return error;
      }
    };
    expect(decode(fromHex('0803220568') ?? hi)).toBeInstanceOf(RxmeshError);
    expect(decode(fromHex('080310ffffffffffffffffff01') ?? hi)).toBeInstanceOf(RxmeshError);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const made = decode(bytes);
        expect(made instanceof Frame || made instanceof RxmeshError).toBe(true);
      }),
    );
  });
});
