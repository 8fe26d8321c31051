import { describe, expect, it } from '@jest/globals';
import { config, lastValueFrom, toArray } from 'rxjs';
import { fromReadableStream } from '../../operators/from-readable-stream.ts';
import { consume } from '../support/consume.ts';
import { trackLeaks } from '../support/leaks.ts';
import { until } from '../support/until.ts';

const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A stream of numbers that logs what is requested of it. */
function counting(end = Infinity): { stream: ReadableStream<number>; log: string[] } {
  const log: string[] = [];
  let next = 0;
  const stream = new ReadableStream<number>(
    {
      pull: (controller) => {
        log.push('pull');
        if (next < end) controller.enqueue(next++);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, log };
}

describe('fromReadableStream', () => {
  it('reads chunks on request, one at a time', async () => {
    const { stream, log } = counting(3);
    const flow = fromReadableStream(stream);
    expect(stream.locked).toBe(false);
    const { heard, demand } = consume(flow);
    expect(stream.locked).toBe(true);
    await turns();
    expect(log).toEqual([]);
    demand.request(2);
    await turns();
    expect([heard, log]).toEqual([
      [0, 1],
      ['pull', 'pull'],
    ]);
    demand.request(2);
    await turns();
    expect(heard).toEqual([0, 1, 2, '|']);
    expect(stream.locked).toBe(false);
  });

  it('gives a subscriber everything', async () => {
    const values = lastValueFrom(fromReadableStream(counting(100).stream).pipe(toArray()));
    expect(await values).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('cancels and releases the stream when the consumer leaves, even during a read', async () => {
    const log: string[] = [];
    const stream = new ReadableStream<number>({
      pull: () => void log.push('pull'),
      cancel: () => void log.push('cancel'),
    });
    const { heard, demand } = consume(fromReadableStream(stream));
    demand.request(1);
    await turns();
    demand.unsubscribe();
    await turns();
    expect([heard, log, stream.locked]).toEqual([[], ['pull', 'cancel'], false]);
  });

  it("serves one consumer: a second one gets the stream's error", async () => {
    const { stream } = counting(2);
    const flow = fromReadableStream(stream);
    const first = consume(flow);
    const second = consume(flow);
    expect(second.heard).toHaveLength(1);
    expect(String(second.heard[0])).toMatch(/^TypeError/);
    first.demand.request(3);
    await turns();
    expect(first.heard).toEqual([0, 1, '|']);
  });

  it('errors with the stream and releases it', async () => {
    const error = new Error('broken');
    const stream = new ReadableStream<number>({ start: (controller) => controller.error(error) });
    await expect(lastValueFrom(fromReadableStream(stream))).rejects.toBe(error);
    expect(stream.locked).toBe(false);
  });

  it('reports when the stream cannot be cancelled', async () => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => reported.push(error);
    try {
      const error = new Error('no cancel');
      const stream = new ReadableStream<number>({
        cancel: () => {
          throw error;
        },
      });
      consume(fromReadableStream(stream)).demand.unsubscribe();
      await until(() => reported.length > 0);
      expect(reported).toEqual([error]);
      expect(stream.locked).toBe(false);
    } finally {
      config.onUnhandledError = null;
    }
  });
});

trackLeaks();
