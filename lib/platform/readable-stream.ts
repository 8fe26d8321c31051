/** WHATWG's stream, as the platform has it: it is a global of browsers and of Node alike. */
export type PlatformReadableStream<T> = ReadableStream<T>;

/** Who reads such a stream. */
export type PlatformStreamReader<T> = ReadableStreamDefaultReader<T>;

/** What a stream asks its maker for. */
export interface StreamSource<T> {
  /**
   * The stream wants chunks, and calls again when what this returns is resolved, if it still does.
   */
  pull(sink: StreamSink<T>): Promise<void>;
  /** Nobody wants the rest. */
  cancel(): void;
}

/** Where a stream's maker puts the chunks. */
export interface StreamSink<T> {
  enqueue(chunk: T): void;
  error(error: unknown): void;
  close(): void;
}

/**
 * Makes a stream.
 *
 * @param highWaterMark chunks that it keeps ready, 0 or more; 0: it pulls when somebody reads
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
