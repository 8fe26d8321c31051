import {
  makeReadableStream,
  type PlatformReadableStream,
  type StreamSink,
  type StreamSource,
} from '#platform/readable-stream';
import type { Demand } from '../lib/flow/demand.ts';
import { type Flow, isFlow } from '../lib/flow/flow.ts';
import { aNumber, checkOptions } from '../lib/model/check-options.ts';
import { described, mustBe } from '../lib/model/described.ts';

/** Options of `toReadableStream`. */
export interface ToReadableStreamOptions {
  /** How many values the stream requests ahead of its reader. Default 0: it reads nothing ahead. */
  readonly highWaterMark?: number;
}

/**
 * Turns a flow into a WHATWG stream, in Node and browsers. One value is requested per pull, so a
 * slow reader holds the flow back.
 *
 *     reads    r-----r--r-----
 *     requests 1-----1--1-----
 *     flow     a-----b-----c|
 *     chunks   a-----b-----c|
 *
 * The flow is consumed from the first pull. Cancelling the stream unsubscribes; the flow's error
 * becomes the stream's.
 *
 * @throws {TypeError} if `flow` is not a flow, since that could not be held back (`onBackpressure`
 *   makes one), or for invalid options
 * @throws {RangeError} if `highWaterMark` is not a number of 0 or more
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
    const fault = mustBe('highWaterMark', 'a number of at least 0', highWaterMark);
    throw new RangeError(`toReadableStream: ${fault}`);
  }
  return makeReadableStream(new FlowSource(flow), highWaterMark);
}

class FlowSource<T> implements StreamSource<T> {
  readonly #flow: Flow<T>;
  #demand: Demand | undefined;
  #isCancelled = false;
  /** Resolves the promise of the last `pull`. */
  #pulled: (() => void) | undefined;

  constructor(flow: Flow<T>) {
    this.#flow = flow;
  }

  /** Resolves once the value is there; otherwise, the stream would pull again for it. */
  pull(sink: StreamSink<T>): Promise<void> {
    return new Promise((resolve) => {
      this.#pulled = resolve;
      this.#demand ??= this.#consume(sink);
      // The flow may emit, and a reader cancel in response, before `consume` has returned.
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
