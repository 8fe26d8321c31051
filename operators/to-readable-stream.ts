import {
  makeReadableStream,
  type PlatformReadableStream,
  type StreamSink,
  type StreamSource,
} from '#platform/readable-stream';
import type { Demand } from '../lib/flow/demand.ts';
import { type Flow, isFlow } from '../lib/flow/flow.ts';
import { aNumber, checkOptions } from '../lib/model/check-options.ts';
import { described } from '../lib/model/described.ts';

/** Options of `toReadableStream`. */
export interface ToReadableStreamOptions {
  /**
   * Values that the stream asks for before somebody reads them. Default 0: it reads nothing ahead.
   */
  readonly highWaterMark?: number;
}

/**
 * A flow as a WHATWG stream, in Node and in browsers. It asks for one value when it is pulled, so
 * that whoever reads slowly holds the flow back.
 *
 *     reads    r-----r--r-----
 *     requests 1-----1--1-----
 *     flow     a-----b-----c|
 *     chunks   a-----b-----c|
 *
 * The flow is consumed from the first pull on. Cancelling the stream ends that; the flow's error is
 * the stream's.
 *
 * @throws {TypeError} for what is no flow: it could not be held back. `onBackpressure` makes one of
 *   it. For options that are not what they have to be
 * @throws {RangeError} `highWaterMark` is no number of 0 or more
 */
export function toReadableStream<T>(
  flow: Flow<T>,
  options: ToReadableStreamOptions = {},
): PlatformReadableStream<T> {
  if (!isFlow(flow)) {
    const text = `toReadableStream: flow must be a flow, got ${described(flow)}`;
    throw new TypeError(`${text}; onBackpressure makes one of an Observable`);
  }
  checkOptions('toReadableStream', options, { highWaterMark: aNumber });
  const { highWaterMark = 0 } = options;
  if (!(highWaterMark >= 0)) {
    const text = `toReadableStream: highWaterMark is a number of 0 or more, not ${highWaterMark}`;
    throw new RangeError(text);
  }
  return makeReadableStream(new FlowSource(flow), highWaterMark);
}

class FlowSource<T> implements StreamSource<T> {
  readonly #flow: Flow<T>;
  #demand: Demand | undefined;
  #isCancelled = false;
  /** Resolves what the last `pull` has returned. */
  #pulled: (() => void) | undefined;

  constructor(flow: Flow<T>) {
    this.#flow = flow;
  }

  /** Resolved when the value is there: the stream would pull once more for it otherwise. */
  pull(sink: StreamSink<T>): Promise<void> {
    return new Promise((resolve) => {
      this.#pulled = resolve;
      this.#demand ??= this.#consume(sink);
      // A flow may emit, and whoever hears that cancel, before it has told how to leave it.
      if (this.#isCancelled) this.#demand.unsubscribe();
      else this.#demand.request(1);
    });
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#demand?.unsubscribe();
    this.#pulled?.();
  }

  #consume(sink: StreamSink<T>): Demand {
    return this.#flow.consume({
      next: (value) => {
        sink.enqueue(value);
        this.#pulled?.();
      },
      error: (error) => {
        sink.error(error);
        this.#pulled?.();
      },
      complete: () => {
        sink.close();
        this.#pulled?.();
      },
    });
  }
}
