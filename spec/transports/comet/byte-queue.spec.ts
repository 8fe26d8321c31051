import { describe, expect, it } from '@jest/globals';
import { RxmeshError } from '../../../lib/model/error.ts';
import { ByteQueue } from '../../../transports/comet/byte-queue.ts';

function queueOf(...bytes: readonly number[]): ByteQueue {
  const queue = new ByteQueue();
  queue.add(Uint8Array.from(bytes));
  return queue;
}

describe('ByteQueue', () => {
  it('takes messages behind their lengths, whatever pieces they arrive in', () => {
    const queue = new ByteQueue();
    const taken: (number[] | undefined)[] = [];
    for (const byte of [2, 7, 8, 1, 9, 3]) {
      queue.add(Uint8Array.of(byte));
      const message = queue.takeDelimited(100);
      taken.push(message && [...message]);
    }
    expect(taken).toEqual([undefined, undefined, [7, 8], undefined, [9], undefined]);
    expect([...queue.takeAll()]).toEqual([3]);
    expect(queue.peek(1)).toHaveLength(0);
  });

  it('refuses a message as soon as its length is above the limit', () => {
    expect(queueOf(0x80, 0x02).takeDelimited(256)).toBeUndefined();
    const refusal = 'the other side announced a message of more than 256 bytes';
    expect(() => queueOf(0x81, 0x02).takeDelimited(256)).toThrow(refusal);
    expect(() => queueOf(0xff, 0xff).takeDelimited(256)).toThrow(refusal);
  });

  it('refuses a length that never ends, even if it stays small', () => {
    expect(queueOf(0x80, 0x80, 0x80, 0x80, 0x80).takeDelimited(256)).toBeUndefined();
    const endless = queueOf(0x80, 0x80, 0x80, 0x80, 0x80, 0x80);
    expect(() => endless.takeDelimited(256)).toThrow(RxmeshError);
  });
});
