import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { RxmeshError, toRxmeshError, withContext } from '../../lib/model/error.ts';
import { parseNodeId } from '../../lib/model/id.ts';

const place = { peer: parseNodeId('ab'.repeat(20)), channel: 7 };

describe('an RxmeshError', () => {
  it('shows its code, and only the places that it is about', () => {
    expect(Object.keys(new RxmeshError('RXMESH_STOPPED', 'stopped'))).toEqual(['name', 'code']);
    const error = new RxmeshError('RXMESH_DECODE_FAILED', 'bad', { channel: 7 });
    expect(Object.keys(error)).toEqual(['name', 'code', 'channel']);
  });
});

describe('withContext', () => {
  it('is a copy with code, message and cause, and the place', () => {
    const cause = new Error('underneath');
    const error = new RxmeshError('RXMESH_DECODE_FAILED', 'none of ours', { cause });
    const placed = withContext(error, place);
    expect(placed).toBeInstanceOf(RxmeshError);
    expect(placed).toMatchObject({ code: error.code, message: error.message, cause, ...place });
    expect(error.peer).toBeUndefined();
  });

  it('has no cause when the error has none', () => {
    const error = new RxmeshError('RXMESH_DECODE_FAILED', 'none of ours');
    expect(withContext(error, place)).not.toHaveProperty('cause', expect.anything());
  });

  it('keeps what the error names itself', () => {
    const error = new RxmeshError('RXMESH_DECODE_FAILED', '', { channel: 8 });
    expect(withContext(error, place)).toMatchObject({ peer: place.peer, channel: 8 });
    expect(withContext(error, { channel: 7 })).toBe(error);
    expect(withContext(error, {})).toBe(error);
  });
});

describe('toRxmeshError', () => {
  const made = (thrown: unknown): RxmeshError =>
    toRxmeshError(thrown, 'RXMESH_DECODE_FAILED', 'a message', place);

  it('keeps code and message of an RxmeshError, and adds the place', () => {
    const error = new RxmeshError('RXMESH_MESSAGE_TOO_LARGE', 'too long');
    expect(made(error)).toMatchObject({ code: error.code, message: 'too long', ...place });
    const complete = withContext(error, place);
    expect(made(complete)).toBe(complete);
  });

  it.each<[string, unknown, string]>([
    ['an error', new TypeError('odd'), 'a message: odd'],
    ['an error of another realm', runInNewContext('new TypeError("odd")'), 'a message: odd'],
    ['an object with a message', { message: 'odd' }, 'a message: odd'],
    ['an object without one', { message: 1, toString: () => 'odd' }, 'a message: odd'],
    ['text', 'odd', 'a message: odd'],
    ['nothing', undefined, 'a message: undefined'],
    ['null', null, 'a message: null'],
    ['what is no text', Object.create(null), 'a message: something that has no text'],
  ])('makes one of %s', (_, thrown, message) => {
    const error = made(thrown);
    expect(error).toMatchObject({ code: 'RXMESH_DECODE_FAILED', message, ...place });
    expect(error.cause).toBe(thrown);
  });
});
