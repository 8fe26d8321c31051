import type { PlatformReadableStream, PlatformStreamReader } from '#platform/readable-stream';
import { flowFrom } from '../lib/flow/flow-from.ts';
import type { Flow } from '../lib/flow/flow.ts';
import { checkArgument, type OptionKind } from '../lib/model/check-options.ts';

/**
 * Turns a WHATWG stream into a flow, in Node and browsers. Chunks are read one at a time, when they
 * are requested, so a slow consumer holds the stream back.
 *
 *     requests   2-----1---
 *     reads      rr----r---
 *     values     -a-b--c|
 *
 * Consuming or subscribing locks the stream, so there can be only one consumer; for a second one,
 * the flow errors with the stream's `TypeError`. Unsubscribing cancels the stream. The lock is
 * released then, or at the end of the stream.
 *
 * @throws {TypeError} if `stream` is not a stream
 */
export function fromReadableStream<T>(stream: PlatformReadableStream<T>): Flow<T> {
  checkArgument('fromReadableStream', 'stream', stream, aStream);
  return flowFrom({
    [Symbol.asyncIterator]: () => new ReaderIterator(stream.getReader()),
  });
}

/** Duck-typed, since the stream may come from another realm or a library. */
const aStream: OptionKind = {
  what: 'a ReadableStream',
  accepts: (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'getReader') === 'function',
};

/** Used in place of the stream's own iterator, which some browsers lack. */
class ReaderIterator<T> implements AsyncIterator<T, unknown, undefined> {
  readonly #reader: PlatformStreamReader<T>;

  constructor(reader: PlatformStreamReader<T>) {
    this.#reader = reader;
  }

  async next(): Promise<IteratorResult<T, unknown>> {
    try {
      const { done, value } = await this.#reader.read();
      if (!done) return { done, value };
    } catch (thrown) {
      this.#reader.releaseLock();
      throw thrown;
    }
    this.#reader.releaseLock();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, unknown>> {
    try {
      // Also ends a pending read.
      await this.#reader.cancel();
    } finally {
      this.#reader.releaseLock();
    }
    return { done: true, value: undefined };
  }
}
