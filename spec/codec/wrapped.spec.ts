import { describe, expect, it } from '@jest/globals';

import { json } from '../../lib/codec/json.ts';
import { wrapped } from '../../lib/codec/wrapped.ts';
import type { Wrapper } from '../../lib/codec/wrapper.ts';
import { RxmeshError } from '../../lib/model/error.ts';
import { thrownBy } from './messages.ts';

interface Versioned {
  readonly version: number;
  readonly text: string;
}

const calls: string[] = [];
const versioned: Wrapper<Versioned, string> = {
  wrap(text) {
    calls.push('wrap');
    if (text === '') throw new TypeError('no text');
    return { version: 1, text };
  },
  unwrap({ version, text }) {
    calls.push('unwrap');
    if (version !== 1) throw new RxmeshError('RXMESH_INCOMPATIBLE', 'of another version');
    if (text === '') throw new TypeError('no text');
    return text;
  },
};
const codec = wrapped(json<Versioned>(), versioned);
const wire = (message: Versioned): Uint8Array => json<Versioned>().encode(message);

describe('wrapped', () => {
  it('R-21 wraps once on encode and unwraps once on decode', () => {
    calls.length = 0;
    const bytes = codec.encode('hello');
    expect(json().decode(bytes)).toEqual({ version: 1, text: 'hello' });
    expect(codec.decode(bytes)).toBe('hello');
    expect(calls).toEqual(['wrap', 'unwrap']);
  });

  it('R-22 refuses what the wrapper refuses, and keeps the cause', () => {
    expect(thrownBy(() => codec.encode(''))).toMatchObject({
      code: 'RXMESH_ENCODE_FAILED',
      cause: new TypeError('no text'),
    });
    expect(thrownBy(() => codec.decode(wire({ version: 1, text: '' })))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
      cause: new TypeError('no text'),
    });
  });

  it('lets errors of rxmesh through', () => {
    const error = thrownBy(() => codec.decode(wire({ version: 2, text: 'hello' })));
    expect(error).toMatchObject({ code: 'RXMESH_INCOMPATIBLE' });
    expect(thrownBy(() => codec.decode(Uint8Array.of(0xff)))).toMatchObject({
      code: 'RXMESH_DECODE_FAILED',
    });
  });
});
