import { describe, expect, it } from '@jest/globals';
import { map, of } from 'rxjs';
import { flowFrom } from '../../lib/flow/flow-from.ts';
import { Flow } from '../../lib/flow/flow.ts';
import { toReadableStream } from '../../operators/to-readable-stream.ts';
import { Numbers } from '../support/flow-sources.ts';
import { trackLeaks } from '../support/leaks.ts';

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('toReadableStream', () => {
  it('requests a value for a read, and reads nothing ahead', async () => {
    const numbers = new Numbers(3);
    const reader = toReadableStream(flowFrom(numbers)).getReader();
    await turns();
    expect([numbers.open, numbers.calls]).toEqual([0, 0]);
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await turns();
    expect(numbers.calls).toBe(1);
    const both = await Promise.all([reader.read(), reader.read()]);
    expect(both.map(({ value }) => value)).toEqual([1, 2]);
    await turns();
    expect(numbers.calls).toBe(3);
    expect((await reader.read()).done).toBe(true);
    await reader.closed;
    expect(numbers.open).toBe(0);
  });

  it('requests one value at a time for concurrent reads', async () => {
    let requests = 0;
    let emit: (value: number) => void = () => undefined;
    const flow = new Flow<number>((consumer) => {
      emit = (value) => consumer.next(value);
      return { request: (count) => (requests += count), unsubscribe: () => undefined };
    });
    const reader = toReadableStream(flow).getReader();
    // A stream that has not started yet would count both reads as one.
    await turns();
    const reads = Promise.all([reader.read(), reader.read()]);
    await turns();
    expect(requests).toBe(1);
    emit(1);
    await turns();
    expect(requests).toBe(2);
    emit(2);
    expect((await reads).map(({ value }) => value)).toEqual([1, 2]);
    await turns();
    expect(requests).toBe(2);
    await reader.cancel();
  });

  it('keeps as many values ready as configured', async () => {
    const numbers = new Numbers(100);
    const stream = toReadableStream(flowFrom(numbers), { highWaterMark: 3 });
    await turns();
    expect(numbers.calls).toBe(3);
    await stream.cancel();
    expect(numbers.open).toBe(0);
  });

  it('ends with the flow and with its error', async () => {
    const values: number[] = [];
    for await (const value of toReadableStream(flowFrom([1, 2]).pipe(map((n) => n * 10)))) {
      values.push(value);
    }
    expect(values).toEqual([10, 20]);
    const error = new Error('broken');
    const reader = toReadableStream(flowFrom(new Numbers(1, error))).getReader();
    expect((await reader.read()).value).toBe(0);
    await expect(reader.read()).rejects.toBe(error);
  });

  it('unsubscribes when cancelled, even while it waits for a value', async () => {
    let cancelled = 0;
    const flow = new Flow<number>(() => ({
      request: () => undefined,
      unsubscribe: () => (cancelled += 1),
    }));
    const reader = toReadableStream(flow).getReader();
    const read = reader.read();
    await turns();
    await reader.cancel();
    expect((await read).done).toBe(true);
    expect(cancelled).toBe(1);
    await toReadableStream(flow).cancel();
    expect(cancelled).toBe(1);
  });

  it('unsubscribes when cancelled from within the start of the flow', async () => {
    let left = 0;
    let cancelled: Promise<void> | undefined;
    const flow = new Flow<number>(() => {
      cancelled = reader.cancel();
      return { request: () => (left -= 10), unsubscribe: () => (left += 1) };
    });
    const reader = toReadableStream(flow).getReader();
    expect((await reader.read()).done).toBe(true);
    await cancelled;
    expect(left).toBe(1);
  });

  it('rejects anything but a flow, and a negative high-water mark', () => {
    expect(() => toReadableStream(of(1) as never)).toThrow(TypeError);
    expect(() => toReadableStream(flowFrom([1]), { highWaterMark: -1 })).toThrow(RangeError);
  });
});

trackLeaks();
