/** The platform's WHATWG stream, a global in browsers and Node. */
export type PlatformReadableStream<T> = ReadableStream<T>;

/** A reader of such a stream. */
export type PlatformStreamReader<T> = ReadableStreamDefaultReader<T>;

/** The source of a stream. */
export interface StreamSource<T> {
  /** The stream wants chunks. Called again once the returned promise resolves, if it wants more. */
  pull(sink: StreamSink<T>): Promise<void>;
  /** The rest is not wanted. */
  cancel(): void;
}

/** Where the source puts its chunks. */
export interface StreamSink<T> {
  enqueue(chunk: T): void;
  error(error: unknown): void;
  close(): void;
}

/**
 * Creates a stream.
 *
 * @param highWaterMark how many chunks to keep ready, 0 or more. With 0, it pulls only when read
 */
export function makeReadableStream<T>(
  source: StreamSource<T>,
  highWaterMark: number,
): PlatformReadableStream<T> {
  return new ReadableStream<T>(
    { pull: (controller) => source.pull(controller), cancel: () => source.cancel() },
    { highWaterMark },
  );
}
