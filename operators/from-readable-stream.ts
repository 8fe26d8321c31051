import type { PlatformReadableStream, PlatformStreamReader } from '#platform/readable-stream';
import { flowFrom } from '../lib/flow/flow-from.ts';
import type { Flow } from '../lib/flow/flow.ts';
import { checkArgument, type OptionKind } from '../lib/model/check-options.ts';

/**
 * A WHATWG stream as a flow, in Node and in browsers: a chunk is read when it was asked for, one at
 * a time, so that a slow consumer holds the stream back.
 *
 *     requests   2-----1---
 *     reads      rr----r---
 *     values     -a-b--c|
 *
 * Consuming or subscribing locks the stream. Only one can have it: for a second one the flow errors
 * with the `TypeError` of the stream. Whoever unsubscribes cancels the stream; its lock is released
 * then, and at its end.
 *
 * @throws {TypeError} for what is no stream
 */
export function fromReadableStream<T>(stream: PlatformReadableStream<T>): Flow<T> {
  checkArgument('fromReadableStream', 'stream', stream, aStream);
  return flowFrom({
    [Symbol.asyncIterator]: () => new ReaderIterator(stream.getReader()),
  });
}

/** Of whichever realm or library: it can be read. */
const aStream: OptionKind = {
  what: 'a ReadableStream',
  accepts: (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'getReader') === 'function',
};

/** Not the stream's own iterator, which browsers do not all have. */
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
      // A read that is under way is answered by that, as the end.
      await this.#reader.cancel();
    } finally {
      this.#reader.releaseLock();
    }
    return { done: true, value: undefined };
  }
}
