import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from 'rxmesh';
import { runInNewContext } from 'node:vm';
import { isLike } from '../../../lib/testing/marbles/like.ts';

/** Has nothing that anybody sees. */
class Hidden {
  readonly #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  read(): number {
    return this.#value;
  }
}

const gone = new RxmeshError('RXMESH_PEER_DOWN', 'gone');

describe('a value is like the expected one', () => {
  it.each<[string, unknown, unknown]>([
    ['the same error', gone, new RxmeshError('RXMESH_PEER_DOWN', 'gone')],
    ['an error that says more', new RxmeshError('RXMESH_PEER_DOWN', 'gone', { channel: 1 }), gone],
    ['an error with the properties', gone, { code: 'RXMESH_PEER_DOWN' }],
    ['the same date', new Date(1), new Date(1)],
    ['a date of another realm', runInNewContext('new Date(1)'), new Date(1)],
    ['the same URL', new URL('http://a/'), new URL('http://a/')],
    ['the same regular expression', /a/u, /a/u],
    ['the same bytes', Buffer.of(1, 2), Uint8Array.of(1, 2)],
    ['anything, for no properties', new Date(1), {}],
    ['an object of another realm', { a: 1 }, runInNewContext('({})')],
  ])('%s', (_, actual, expected) => {
    expect(isLike({ of: [actual] }, { of: [expected] })).toBe(true);
  });

  it('the same instance of a class', () => {
    const hidden = new Hidden(1);
    expect(hidden.read()).toBe(1);
    expect(isLike(hidden, hidden)).toBe(true);
  });
});

describe('a value is not like the expected one', () => {
  it.each<[string, unknown, unknown]>([
    ['an error with another code', gone, new RxmeshError('RXMESH_DIAL_FAILED', 'gone')],
    ['an error with another message', gone, new RxmeshError('RXMESH_PEER_DOWN', 'left')],
    ['an error without the cause', new Error('no'), new Error('no', { cause: 1 })],
    ['an error with another cause', new Error('no', { cause: 2 }), new Error('no', { cause: 1 })],
    ['another date', new Date(2), new Date(1)],
    ['no date', {}, new Date(1)],
    ['another URL', new URL('http://b/'), new URL('http://a/')],
    ['another regular expression', /a/u, /a/iu],
    ['other bytes', Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2)],
    ['no bytes', {}, new Uint8Array()],
    ['more numbers', Uint16Array.of(1, 2), Uint16Array.of(1)],
    ['numbers of another kind', Int8Array.of(1), Uint8Array.of(1)],
    ['another buffer', new ArrayBuffer(2), new ArrayBuffer(1)],
    ['another instance of a class without properties', new Hidden(1), new Hidden(2)],
  ])('%s', (_, actual, expected) => {
    expect(isLike({ of: [actual] }, { of: [expected] })).toBe(false);
  });
});
