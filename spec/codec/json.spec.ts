import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { json } from '../../lib/codec/json.ts';
import { hex, thrownBy, toHex } from './messages.ts';
import { anyCharacter } from '../support/any-character.ts';

const encodeFailed: unknown = expect.objectContaining({ code: 'RXMESH_ENCODE_FAILED' });
const decodeFailed: unknown = expect.objectContaining({ code: 'RXMESH_DECODE_FAILED' });

describe('json', () => {
  const codec = json<unknown>();

  it('writes and reads JSON in UTF-8', () => {
    expect(toHex(codec.encode({ a: 'é€😀' }))).toBe('7b2261223a22c3a9e282acf09f9880227d');
    expect(codec.decode(hex('7b2261223a22c3a9e282acf09f9880227d'))).toEqual({ a: 'é€😀' });
  });

  it('reads from a view into a larger buffer', () => {
    expect(codec.decode(hex('ff5b315dff').subarray(1, 4))).toEqual([1]);
  });

  it('keeps a lone surrogate, as an escape', () => {
    expect(toHex(codec.encode('\ud800'))).toBe('225c756438303022');
    expect(codec.decode(codec.encode('\ud800'))).toBe('\ud800');
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a bigint', { n: 1n }],
  ])('refuses to encode %s', (_, message) => {
    expect(thrownBy(() => codec.encode(message))).toEqual(encodeFailed);
  });

  it('says what it has refused', () => {
    const error = thrownBy(() => codec.encode(undefined));
    expect(error).toHaveProperty('message', expect.stringContaining('undefined is not JSON'));
  });

  it('refuses to encode a cycle, and keeps the cause', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const error = thrownBy(() => codec.encode(cycle));
    expect(error).toEqual(encodeFailed);
    expect(error).toHaveProperty('cause.message');
  });

  it.each([
    ['nothing', ''],
    ['what is not JSON', '7b'],
    ['a byte order mark', 'efbbbf5b5d'],
    ['a lone continuation byte', '228022'],
    ['a cut sequence', '22e28222'],
    ['an overlong sequence', '22c0af22'],
    ['an encoded surrogate', '22eda08022'],
    ['invalid UTF-8 far into a long text', `22${'61'.repeat(200)}ff22`],
  ])('refuses to decode %s', (_, bytes) => {
    expect(thrownBy(() => codec.decode(hex(bytes)))).toEqual(decodeFailed);
  });

  it('decodes what validate makes of the message', () => {
    const numbers = json<number>({
      validate(value) {
        if (typeof value !== 'number') throw new TypeError('a number is expected');
        return value + 1;
      },
    });
    expect(numbers.decode(hex('31'))).toBe(2);
    expect(thrownBy(() => numbers.decode(hex('223122')))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
      cause: new TypeError('a number is expected'),
    });
  });

  it('decodes any message as it was sent', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: anyCharacter }), (sent) => {
        const text = JSON.stringify(sent);
        expect(JSON.stringify(codec.decode(codec.encode(sent)))).toBe(text);
      }),
    );
  });
});
