import type { Codec } from '../index.ts';
import { copyOfHeaders, type Headers } from '../frames/headers.ts';
import { quietly } from './quietly.ts';
import { TracedFrame, tracedFrames } from './traced-frame.ts';
import type { SpanLike, TracingApi } from './tracing.ts';

/** A codec of messages that carry the context of the trace in which they were sent. */
export interface TracedCodec<T, Context> extends Codec<T> {
  /**
   * The context in which a received message was sent; the current one if it came without a context
   * or is not an object. Kept for as long as the message is.
   */
  contextOf(message: T): Context;
}

/**
 * A codec that sends the context of the trace with each message. Both sides of the channel use it:
 * a message is wrapped, with some 60 bytes more.
 *
 *     const moves = traced(json<Move>(), otel);
 *     const moved = router.openChannel({ id: 7, codec: moves });
 *     moved.in$.subscribe(({ message }) => {
 *       otel.context.with(moves.contextOf(message), () => show(message.x));
 *     });
 *
 * The context is that of the `send`, since messages are encoded there; `pipeTo` encodes when it
 * pulls. If a propagator throws or its texts are too long, the context is lost, but not the
 * message.
 */
export function traced<T, Context, Span extends SpanLike>(
  codec: Codec<T>,
  api: Pick<TracingApi<Context, Span>, 'context' | 'propagation'>,
): TracedCodec<T, Context> {
  const received = new WeakMap<object, Headers>();
  return {
    encode(message) {
      return tracedFrames.encode(new TracedFrame(codec.encode(message), current(api)));
    },
    decode(bytes) {
      const frame = tracedFrames.decode(bytes);
      const message = codec.decode(frame.message);
      if (frame.headers !== undefined && isObject(message)) received.set(message, frame.headers);
      return message;
    },
    contextOf(message) {
      const active = api.context.active();
      const headers = isObject(message) ? received.get(message) : undefined;
      if (headers === undefined) return active;
      return quietly(() => api.propagation.extract(active, headers)) ?? active;
    },
  };
}

/** The current context as headers; undefined if there is none, or it cannot be had. */
function current<Context, Span extends SpanLike>(
  api: Pick<TracingApi<Context, Span>, 'context' | 'propagation'>,
): Headers | undefined {
  return quietly(() => {
    const carrier: Record<string, string> = {};
    api.propagation.inject(api.context.active(), carrier);
    return copyOfHeaders('traced', carrier);
  });
}

const isObject = (message: unknown): message is object =>
  typeof message === 'object' && message !== null;
