import { describe, expect, it } from '@jest/globals';
import { LineDirection } from '../../../lib/testing/faulty/line.ts';

/** Where chance does not matter. */
const evenly = (): number => 0.5;

/** Takes all that has arrived, as lengths. */
function arrivedAt(line: LineDirection, nowMs: number): readonly (number | 'end')[] {
  const arrived: (number | 'end')[] = [];
  for (;;) {
    const bytes = line.take(nowMs);
    if (bytes === undefined) return arrived;
    arrived.push(bytes === 'end' ? bytes : bytes.length);
  }
}

function sumOf(lengths: readonly (number | 'end')[]): number {
  return lengths.reduce<number>((sum, length) => sum + (length === 'end' ? 0 : length), 0);
}

const unlimited = { latencyMs: 25 };
/** 125 bytes a millisecond. */
const megabit = { latencyMs: 25, bytesPerSecond: 125_000 };

describe('LineDirection without a limit', () => {
  it('lets bytes arrive after the delay, whole, and not before', () => {
    const line = new LineDirection(unlimited, evenly);
    const bytes = new Uint8Array(65_536);
    line.put(bytes, 100);
    expect(line.nextArrivalMs()).toBe(125);
    expect(line.take(124.9)).toBeUndefined();
    expect(line.take(125)).toBe(bytes);
    expect(line.nextArrivalMs()).toBe(Infinity);
  });

  it('carries any amount in the time that the delay takes', () => {
    const line = new LineDirection(unlimited, evenly);
    const chunks = 500;
    for (let i = 0; i < chunks; i += 1) line.put(new Uint8Array(65_536), i * 0.05);
    expect(line.heldBytes).toBe(chunks * 65_536);
    expect(line.isFull(25)).toBe(false);
    expect(sumOf(arrivedAt(line, 50))).toBe(chunks * 65_536);
    expect(line.heldBytes).toBe(0);
  });

  it('is full when it holds 64 MiB, until some of it is taken', () => {
    const line = new LineDirection(unlimited, evenly);
    for (let i = 0; i < 64; i += 1) {
      expect(line.isFull(0)).toBe(false);
      line.put(new Uint8Array(2 ** 20), 0);
    }
    expect(line.isFull(0)).toBe(true);
    expect(line.isFull(1000)).toBe(true);
    line.take(25);
    expect(line.isFull(25)).toBe(false);
  });

  it('puts the end behind all that was sent', () => {
    const line = new LineDirection(unlimited, evenly);
    line.put(new Uint8Array(10), 0);
    line.putEnd(1);
    expect(arrivedAt(line, 25.5)).toEqual([10]);
    expect(arrivedAt(line, 26)).toEqual(['end']);
    expect(arrivedAt(line, 1000)).toEqual([]);
  });

  it('keeps nothing of what is gone, however long it lives', () => {
    const line = new LineDirection(unlimited, evenly);
    let [taken, isInOrder] = [0, true];
    for (let i = 0; i < 10_000; i += 1) {
      line.put(Uint8Array.of(i & 0xff), i);
      const bytes = line.take(i);
      if (bytes === undefined || bytes === 'end') continue;
      isInOrder &&= bytes[0] === (taken & 0xff);
      taken += 1;
    }
    expect(isInOrder).toBe(true);
    expect(taken).toBe(10_000 - 25);
    expect(line.heldBytes).toBe(25);
  });
});

describe('LineDirection with a bandwidth', () => {
  it('lets bytes arrive at that rate, packet by packet', () => {
    const line = new LineDirection(megabit, evenly);
    line.put(new Uint8Array(12_500), 0);
    expect(line.nextArrivalMs()).toBeCloseTo(25 + 1460 / 125);
    expect(arrivedAt(line, 36)).toEqual([]);
    expect(arrivedAt(line, 37)).toEqual([1460]);
    expect(sumOf(arrivedAt(line, 124))).toBe(7 * 1460);
    expect(arrivedAt(line, 125)).toEqual([12_500 - 8 * 1460]);
  });

  it.each([1, 10, 100, 1000])('carries %i Mbit/s, whatever the size of chunks', (megabits) => {
    for (const length of [1000, 65_536]) {
      const chunk = new Uint8Array(length);
      const line = new LineDirection({ latencyMs: 10, bytesPerSecond: megabits * 125_000 }, evenly);
      let arrived = 0;
      for (let nowMs = 0; nowMs < 1010; nowMs += 1) {
        while (!line.isFull(nowMs)) line.put(chunk, nowMs);
        arrived += sumOf(arrivedAt(line, nowMs));
      }
      const wanted = megabits * 125_000;
      expect(Math.abs(arrived / wanted - 1)).toBeLessThan(0.01);
    }
  });

  it('loses the time in which nothing is sent', () => {
    const line = new LineDirection(megabit, evenly);
    line.put(new Uint8Array(125), 0);
    line.put(new Uint8Array(125), 500);
    expect(arrivedAt(line, 26)).toEqual([125]);
    expect(line.nextArrivalMs()).toBe(526);
  });

  it.each([
    { megabits: 1, queueBytes: 65_536 },
    { megabits: 10, queueBytes: 125_000 },
    { megabits: 100, queueBytes: 1_250_000 },
  ])('at $megabits Mbit/s it is full with $queueBytes bytes in front of it', (given) => {
    const line = new LineDirection(
      { latencyMs: 25, bytesPerSecond: given.megabits * 125_000 },
      evenly,
    );
    line.put(new Uint8Array(given.queueBytes - 1), 0);
    expect(line.isFull(0)).toBe(false);
    line.put(new Uint8Array(1001), 0);
    expect(line.isFull(0)).toBe(true);
    const roomAtMs = line.roomAtMs();
    expect(roomAtMs).toBeCloseTo(1000 / (given.megabits * 125));
    expect(line.isFull(roomAtMs + 0.001)).toBe(false);
  });
});

describe('LineDirection with jitter', () => {
  it('adds it to the delay, and lets nothing overtake', () => {
    const jitter = [0.9, 0.1, 0, 0.5];
    const line = new LineDirection({ ...unlimited, jitterMs: 10 }, () => jitter.shift() ?? 0);
    [0, 1, 2, 30].forEach((atMs, i) => line.put(new Uint8Array(i + 1), atMs));
    expect(line.nextArrivalMs()).toBe(34);
    expect(arrivedAt(line, 33)).toEqual([]);
    expect(arrivedAt(line, 34)).toEqual([1, 2, 3]);
    expect(line.nextArrivalMs()).toBe(60);
  });
});
