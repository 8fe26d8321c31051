import { flowFrom } from '../lib/flow/flow-from.ts';
import type { Flow } from '../lib/flow/flow.ts';

/** What `fromReadableStream` needs of a stream: every WHATWG stream has it. */
export interface ReadableStreamInput<T> {
  getReader(): ReadableStreamInputReader<T>;
}

/** The reader of such a stream. */
export interface ReadableStreamInputReader<T> {
  read(): Promise<
    { readonly done: false; readonly value: T } | { readonly done: true; readonly value?: unknown }
  >;
  cancel(): Promise<void>;
  releaseLock(): void;
}

/**
 * A WHATWG stream as a flow, in Node and in browsers: a chunk is read when it was asked for, one at a
 * time, so that a slow consumer holds the stream back.
 *
 *     requests   2-----1---
 *     reads      rr----r---
 *     values     -a-b--c|
 *
 * Consuming or subscribing locks the stream. Only one can have it: for a second one the flow errors with the
 * `TypeError` of the stream. Whoever unsubscribes cancels the stream; its lock is released then, and at its end.
 */
export function fromReadableStream<T>(stream: ReadableStreamInput<T>): Flow<T> {
  return flowFrom({
    [Symbol.asyncIterator]: () => new ReaderIterator(stream.getReader()),
  });
}

/** Not the stream's own iterator, which browsers do not all have. */
class ReaderIterator<T> implements AsyncIterator<T, unknown, undefined> {
  readonly #reader: ReadableStreamInputReader<T>;

  constructor(reader: ReadableStreamInputReader<T>) {
    this.#reader = reader;
  }

  async next(): Promise<IteratorResult<T, unknown>> {
    let result: Awaited<ReturnType<ReadableStreamInputReader<T>['read']>>;
    try {
      result = await this.#reader.read();
    } catch (thrown) {
      this.#reader.releaseLock();
      throw thrown;
    }
    if (!result.done) return result;
    this.#reader.releaseLock();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T, unknown>> {
    // A read that is under way is answered by that, as the end.
    await this.#reader.cancel();
    this.#reader.releaseLock();
    return { done: true, value: undefined };
  }
}
