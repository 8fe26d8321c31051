import { describe, expect, it } from '@jest/globals';

import { raw } from '../../lib/codec/raw.ts';
import { thrownBy } from './messages.ts';

describe('raw', () => {
  it('passes bytes through, both ways, without a copy', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    expect(raw().encode(bytes)).toBe(bytes);
    expect(raw().decode(bytes)).toBe(bytes);
  });

  it.each([
    ['R-11 nothing', undefined],
    ['a string', 'bytes'],
    ['a list', [1, 2]],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['wider numbers', Uint16Array.of(1)],
  ])('refuses to encode %s', (_, message) => {
    const error = thrownBy(() => raw().encode(message as never));
    expect(error).toMatchObject({ code: 'RXMESH_ENCODE_FAILED' });
  });
});
