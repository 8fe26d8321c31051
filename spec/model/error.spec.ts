import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { RxmeshError, toRxmeshError, withContext } from '../../lib/model/error.ts';
import { parseNodeId } from '../../lib/model/id.ts';
import { collectGarbage } from '../support/garbage.ts';

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

describe('an error that is kept', () => {
  /** Something large whose method makes an error, like a link that fails. */
  class Maker {
    readonly bytes: Uint8Array = new Uint8Array(1_000_000);
    error(cause?: Error): RxmeshError {
      return new RxmeshError('RXMESH_CONNECTION_FAILED', 'it is over', { cause });
    }
    cause(): Error {
      return new Error('reset');
    }
  }

  it('L-32 keeps nothing whose methods were on its stack, nor on that of its cause', async () => {
    const kept: RxmeshError[] = [];
    const makers = Array.from({ length: 10 }, () => {
      const [maker, other] = [new Maker(), new Maker()];
      kept.push(maker.error(other.cause()));
      return [new WeakRef(maker), new WeakRef(other)];
    }).flat();
    await collectGarbage();
    // V8 may find the last one still in a register.
    expect(makers.filter((maker) => maker.deref() !== undefined).length).toBeLessThanOrEqual(2);
    expect(kept[0]?.stack).toMatch(/^RxmeshError: it is over\n +at /);
  });

  it('takes a cause with a stack that cannot be read', () => {
    const cause = Object.defineProperty(new Error('odd'), 'stack', {
      get: () => {
        throw new Error('private');
      },
    });
    expect(new RxmeshError('RXMESH_CALL_FAILED', 'odd', { cause }).cause).toBe(cause);
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
