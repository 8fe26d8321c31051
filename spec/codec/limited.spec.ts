import { describe, expect, it, jest } from '@jest/globals';

import type { Codec } from '../../lib/codec/codec.ts';
import { limited } from '../../lib/codec/limited.ts';
import { raw } from '../../lib/codec/raw.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { thrownBy } from './messages.ts';

const bytes = (length: number): Uint8Array => new Uint8Array(length);

describe('limited', () => {
  it('lets messages of up to messageBytesMax through, and no larger ones', () => {
    const decode = jest.fn((input: Uint8Array) => input);
    const inspect = jest.fn();
    const inner: Codec<Uint8Array> = { encode: (message) => message, decode };
    const codec = limited(inner, { messageBytesMax: 4, inspect });
    const tooLarge: unknown = expect.objectContaining({ code: 'RXMESH_MESSAGE_TOO_LARGE' });

    expect(codec.encode(bytes(4))).toEqual(bytes(4));
    expect(codec.decode(bytes(4))).toEqual(bytes(4));
    expect(thrownBy(() => codec.encode(bytes(5)))).toEqual(tooLarge);
    expect(thrownBy(() => codec.decode(bytes(5)))).toEqual(tooLarge);
    expect(decode).toHaveBeenCalledTimes(1);
    expect(inspect).toHaveBeenCalledTimes(1);
  });

  it('shows the received bytes to inspect, which may refuse them before they are decoded', () => {
    const decode = jest.fn((input: Uint8Array) => input);
    const inspect = (input: Uint8Array): void => {
      if (input[0] === 1) throw new TypeError('too many parts');
      if (input[0] === 2) throw new RxmeshError('RXMESH_PROTOCOL_VIOLATION', 'forbidden');
    };
    const codec = limited(
      { encode: (message: Uint8Array) => message, decode },
      { messageBytesMax: 4, inspect },
    );

    expect(codec.decode(Uint8Array.of(0))).toEqual(Uint8Array.of(0));
    expect(decode).toHaveBeenCalledTimes(1);
    expect(thrownBy(() => codec.decode(Uint8Array.of(1)))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
      cause: new TypeError('too many parts'),
    });
    expect(thrownBy(() => codec.decode(Uint8Array.of(2)))).toMatchObject({
      code: 'RXMESH_PROTOCOL_VIOLATION',
    });
    expect(codec.encode(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
    expect(decode).toHaveBeenCalledTimes(1);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity])('throws a RangeError at once for %p', (value) => {
    expect(() => limited(raw(), { messageBytesMax: value })).toThrow(RangeError);
    expect(() => limited(raw(), { messageBytesMax: value })).toThrow(String(value));
  });
});
