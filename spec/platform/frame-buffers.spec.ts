import { describe, expect, it } from '@jest/globals';
import { giveFrame, takeFrame } from '../../lib/platform/frame-buffers.node.ts';

describe('buffers of frames', () => {
  it('lends none to two, until it is given back', () => {
    const [one, other] = [takeFrame(65_000), takeFrame(20_000)];
    expect([one.length, other.length, one.buffer === other.buffer]).toEqual([
      65_000,
      20_000,
      false,
    ]);
    giveFrame(one);
    const again = takeFrame(131_088);
    expect([again.length, again.buffer === one.buffer]).toEqual([131_088, true]);
    giveFrame(again);
    giveFrame(other);
  });

  it('takes nothing back twice, and nothing that it has not lent', () => {
    const frame = takeFrame(65_000);
    giveFrame(frame);
    giveFrame(frame);
    const foreign = new Uint8Array(131_088);
    giveFrame(foreign);
    const lent = [takeFrame(65_000), takeFrame(65_000)];
    expect(new Set([foreign, ...lent].map(({ buffer }) => buffer)).size).toBe(3);
    lent.forEach(giveFrame);
  });

  it('keeps 16 buffers', () => {
    const lent = Array.from({ length: 20 }, () => takeFrame(65_000));
    lent.forEach(giveFrame);
    const memories = new Set(lent.map(({ buffer }) => buffer));
    const again = Array.from({ length: 20 }, () => takeFrame(65_000));
    expect(again.filter(({ buffer }) => memories.has(buffer))).toHaveLength(16);
    again.forEach(giveFrame);
  });

  it('leaves short frames to the platform', () => {
    const short = takeFrame(80);
    giveFrame(short);
    expect([short.length, short.buffer.byteLength < 131_088]).toEqual([80, true]);
    expect(short.constructor).toBe(Uint8Array);
  });
});
