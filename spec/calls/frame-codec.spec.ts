import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RxmeshError } from 'rxmesh';
import { parse } from 'rxmesh/protobufjs';
import type { Headers } from '../../lib/frames/headers.ts';
import { Frame, kinds } from '../../lib/calls/frame.ts';
import { frameCodec } from '../../lib/calls/frame-codec.ts';
import { fromHex, toHex } from '../../lib/model/hex.ts';
import { anyCharacter } from '../support/any-character.ts';

const page = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');
const section = page.split('\n## Calls\n')[1] ?? '';
const schema = /```proto\n(.*?)```/s.exec(section)?.[1] ?? '';
const hi = Uint8Array.of(0x68, 0x69);

const frame = (kind: number, call: number, fields: Partial<Frame> = {}): Frame =>
  Object.assign(new Frame(kind, call), fields);

/** The fields of a frame, with its values as lists. */
const fieldsOf = ({ payload, more, ...others }: Frame): object => ({
  ...others,
  payload: [...payload],
  more: more?.map((value) => [...value]),
});

const start = { payload: hi, version: 1 };
const vectors: readonly (readonly [string, string, Frame])[] = [
  ['CALL 1, credit 64', '080110011840220268695801', frame(1, 1, { ...start, credit: 64 })],
  [
    'CALL 300 of method "add", 1,000 ms',
    '080110ac02180122026869320361646438e8075801',
    frame(1, 300, { ...start, credit: 1, method: 'add', timeoutMs: 1000 }),
  ],
  [
    'CALL 4, header "a": "b"',
    '08011004180122026869580162060a0161120162',
    frame(1, 4, { ...start, credit: 1, headers: { a: 'b' } }),
  ],
  ['NOTIFY 2', '08021002220268695801', frame(2, 2, start)],
  ['CHANNEL 3, credit 1', '0803100318015801', frame(3, 3, { credit: 1, version: 1 })],
  ['CREDIT 1, 32 more', '080410011820', frame(4, 1, { credit: 32 })],
  ['CANCEL 1', '08051001', frame(5, 1)],
  ['CANCEL of all up to 7', '080510072801', frame(5, 7, { isLast: true })],
  ['REQUEST of 3', '0806100322026869', frame(6, 3, { payload: hi })],
  [
    'REQUEST of 3, two of them',
    '08061003220268696a026869',
    frame(6, 3, { payload: hi, more: [hi] }),
  ],
  ['REQUESTS_END of 3', '08071003', frame(7, 3)],
  ['ANSWER to 1', '0808100122026869', frame(8, 1, { payload: hi })],
  ['ANSWER to 1, the last', '08081001220268692801', frame(8, 1, { payload: hi, isLast: true })],
  [
    'ANSWER to 1, three of them, the last',
    '0808100122026869280' + '16a0268696a00',
    frame(8, 1, { payload: hi, more: [hi, Uint8Array.of()], isLast: true }),
  ],
  ['END of 1', '08091001', frame(9, 1)],
  [
    'ERROR of 1, status 1, reason "odd", text "no"',
    '080a100140014a036f646452026e6f',
    frame(10, 1, { status: 1, reason: 'odd', text: 'no' }),
  ],
  ['REQUEST_CREDIT of 3, 16 more', '080b10031810', frame(11, 3, { credit: 16 })],
];

describe('a frame', () => {
  it.each(vectors)('%s has the bytes of docs/wire.md, both ways', (name, hex, value) => {
    expect(section).toContain(`${name}: ${(hex.match(/../g) ?? []).join(' ')}\n`);
    expect(toHex(frameCodec.encode(value))).toBe(hex);
    const decoded = frameCodec.decode(fromHex(hex) ?? hi);
    expect(fieldsOf(decoded)).toEqual(fieldsOf(value));
  });

  it('is the message of the schema in docs/wire.md', () => {
    const { root } = parse(schema, { keepCase: true });
    const type = root.lookupType('Frame');
    const texts = fc.string({ unit: anyCharacter });
    const uint32 = fc.nat(2 ** 32 - 1);
    fc.assert(
      fc.property(
        fc.tuple(uint32, uint32, uint32, uint32, uint32),
        fc.tuple(texts, texts, texts),
        fc.dictionary(texts, texts, { maxKeys: 5, minKeys: 1 }),
        fc.tuple(fc.uint8Array(), fc.array(fc.uint8Array(), { minLength: 1, maxLength: 4 })),
        fc.boolean(),
        ([call, credit, timeoutMs, status, version], names, headers, [payload, more], isLast) => {
          const [method, reason, text] = names;
          const own = { credit, timeoutMs, status, version, method, reason, text, headers };
          const bytes = frameCodec.encode(frame(8, call, { ...own, payload, more, isLast }));
          const { timeoutMs: timeout_ms, ...same } = own;
          const theirs = { ...same, timeout_ms, kind: 8, call, payload, more, last: isLast };
          expect(type.toObject(type.decode(bytes), { defaults: true, bytes: Array })).toEqual({
            ...theirs,
            payload: [...payload],
            more: more.map((value) => [...value]),
          });
          const decoded = frameCodec.decode(type.encode(type.fromObject(theirs)).finish());
          expect(fieldsOf(decoded)).toEqual({
            ...own,
            kind: 8,
            call,
            isLast,
            payload: [...payload],
            more: more.map((value) => [...value]),
          });
        },
      ),
    );
  });

  it('has the kinds of the schema', () => {
    const members = [...schema.matchAll(/^ {4}([A-Z_]+) = (\d+);$/gm)].slice(1);
    const inCapitals = (name: string): string => name.replaceAll(/[A-Z]/g, '_$&').toUpperCase();
    expect(members.map(([, name, value]) => [name, Number(value)])).toEqual(
      Object.entries(kinds).map(([name, value]) => [inCapitals(name), value]),
    );
  });

  it('with unknown fields is read without them', () => {
    const decoded = frameCodec.decode(fromHex('08051001f8ffffff0f002201787a020102') ?? hi);
    expect(fieldsOf(decoded)).toEqual(fieldsOf(frame(5, 1, { payload: Uint8Array.of(0x78) })));
  });

  it('has at most 32 headers, and 8,192 characters of them', () => {
    const type = parse(schema, { keepCase: true }).root.lookupType('Frame');
    const decoded = (headers: Headers): Headers | undefined =>
      frameCodec.decode(type.encode(type.fromObject({ kind: 1, call: 1, headers })).finish())
        .headers;
    const many = (count: number): Headers =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, 'x']));
    expect(decoded(many(32))).toEqual(many(32));
    expect(() => decoded(many(33))).toThrow('more than 32 headers');
    expect(decoded({ a: 'x'.repeat(8_191) })).toEqual({ a: 'x'.repeat(8_191) });
    expect(() => decoded({ a: 'x'.repeat(8_192) })).toThrow('longer than 8192 characters');
  });

  it('is refused if a header comes twice, so that reading them is bounded work', () => {
    const twice = '08011001' + '62060a0161120162' + '62060a0161120163';
    expect(() => frameCodec.decode(fromHex(twice) ?? hi)).toThrow('header a comes twice');
  });

  it('has headers with any names, also those of Object', () => {
    const headers = Object.fromEntries([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    const decoded = frameCodec.decode(frameCodec.encode(frame(1, 1, { headers }))).headers;
    expect(Object.entries(decoded ?? {})).toEqual(Object.entries(headers));
  });

  it('that is cut, or no frame, is refused; other bytes make some frame', () => {
    const decode = (bytes: Uint8Array): unknown => {
      try {
        return frameCodec.decode(bytes);
      } catch (error) {
        return error;
      }
    };
    expect(decode(fromHex('0801220568') ?? hi)).toBeInstanceOf(RxmeshError);
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const made = decode(bytes);
        expect(made instanceof Frame || made instanceof RxmeshError).toBe(true);
      }),
    );
  });

  it('of megabytes is decoded without a copy', () => {
    const payload = new Uint8Array(2 * 1024 * 1024).fill(7);
    const bytes = frameCodec.encode(frame(8, 1, { payload }));
    const decoded = frameCodec.decode(bytes);
    expect(decoded.payload.length).toBe(payload.length);
    expect(decoded.payload.buffer).toBe(bytes.buffer);
  });
});
