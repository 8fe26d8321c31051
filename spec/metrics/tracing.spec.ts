import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as otel from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { firstValueFrom } from 'rxjs';
import { createRouter, Identity, json, type Router } from 'rxmesh';
import { CallError, calls } from 'rxmesh/calls';
import { traced, tracedCalls, type TracingApi } from 'rxmesh/metrics';
import { webSocket } from 'rxmesh/transports/websocket';
import { until } from '../support/until.ts';

const exporter = new InMemorySpanExporter();
const routers: Router[] = [];

beforeEach(() => {
  otel.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  otel.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  otel.trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
});

afterEach(async () => {
  for (const router of routers.splice(0)) await router.stop();
  otel.context.disable();
  otel.propagation.disable();
  otel.trace.disable();
  exporter.reset();
});

/**
 * Two routers over a WebSocket, of which the first one listens. Both know the channels that the
 * other one has opened in `open`.
 */
async function pair<T>(
  open: (router: Router) => T,
): Promise<{ listening: Router; dialing: Router; made: [T, T] }> {
  const node = async (listen?: { host: string }): Promise<{ router: Router; made: T }> => {
    const router = createRouter({
      identity: await Identity.generate(),
      network: 'traces',
      transports: [webSocket(listen && { listen })],
      timeouts: { drainMs: 1 },
    });
    routers.push(router);
    const made = open(router);
    await router.start();
    return { router, made };
  };
  const listening = await node({ host: '127.0.0.1' });
  const dialing = await node();
  await dialing.router.peers.dial(listening.router.addresses[0] ?? '');
  await listening.router.whenUp(dialing.router.id);
  await dialing.router.whenUp(listening.router.id);
  const made: [T, T] = [listening.made, dialing.made];
  return { listening: listening.router, dialing: dialing.router, made };
}

const service = { id: 1, request: json<number>(), response: json<number>() };

/** What a span says, with its parent's name. */
function told(span: ReadableSpan): object {
  const parent = spans().find(({ context }) => context === span.parentSpanContext?.spanId);
  return {
    name: span.name,
    kind: otel.SpanKind[span.kind],
    parent: parent?.name,
    ...(span.status.code === otel.SpanStatusCode.ERROR && {
      failed: span.attributes['error.type'],
    }),
  };
}

const spans = (): { name: string; context: string }[] =>
  exporter
    .getFinishedSpans()
    .map((span) => ({ name: nameOf(span), context: span.spanContext().spanId }));

const nameOf = ({ name, kind }: ReadableSpan): string => `${otel.SpanKind[kind]} ${name}`;

const traces = (): Set<string> =>
  new Set(exporter.getFinishedSpans().map((span) => span.spanContext().traceId));

describe('tracedCalls, with the SDK of OpenTelemetry', () => {
  it('puts a call, its handler and what that calls into one trace', async () => {
    const tracing = tracedCalls(otel);
    const { listening, made } = await pair((router) => ({
      outer: calls(router, { id: 1, methods: { outer: { ...service, ...tracing } } }),
      inner: calls(router, { ...service, id: 2, ...tracing }),
    }));
    const [serving, asking] = made;
    asking.inner.serve(({ request }) => request + 1);
    serving.outer.serve({
      outer: async ({ request, from }) => {
        await new Promise((resolve) => setImmediate(resolve));
        return firstValueFrom(serving.inner.call(from, request));
      },
    });
    await otel.trace.getTracer('app').startActiveSpan('app', async (span) => {
      expect(await firstValueFrom(asking.outer.methods.outer.call(listening.id, 20))).toBe(21);
      span.end();
    });
    await until(() => exporter.getFinishedSpans().length === 5);
    expect(exporter.getFinishedSpans().map(told)).toEqual(
      expect.arrayContaining([
        { name: 'app', kind: 'INTERNAL', parent: undefined },
        { name: 'outer', kind: 'CLIENT', parent: 'INTERNAL app' },
        { name: 'outer', kind: 'SERVER', parent: 'CLIENT outer' },
        { name: 'rxmesh call', kind: 'CLIENT', parent: 'SERVER outer' },
        { name: 'rxmesh call', kind: 'SERVER', parent: 'CLIENT rxmesh call' },
      ]),
    );
    expect(traces().size).toBe(1);
    const [first] = exporter.getFinishedSpans().filter(({ name }) => name === 'outer');
    expect(first?.attributes).toMatchObject({
      'rpc.system.name': 'rxmesh',
      'rpc.method': 'outer',
    });
  });

  it('tells how a call fails, and keeps calls without a parent apart', async () => {
    const options = { ...service, ...tracedCalls(otel) };
    const { listening, made } = await pair((router) => calls(router, options));
    const [serving, asking] = made;
    serving.serve(({ request }) => {
      if (request === 0) throw new CallError('zero', 'no');
      throw new TypeError('a mistake');
    });
    await expect(firstValueFrom(asking.call(listening.id, 0))).rejects.toThrow('no');
    await expect(firstValueFrom(asking.call(listening.id, 1))).rejects.toThrow();
    asking.call(listening.id, 2).subscribe().unsubscribe();
    await until(() => exporter.getFinishedSpans().length >= 5);
    const failures = exporter.getFinishedSpans().map((span) => [nameOf(span), told(span)]);
    expect(failures).toEqual(
      expect.arrayContaining([
        ['CLIENT rxmesh call', expect.objectContaining({ failed: 'RXMESH_CALL_FAILED' })],
        ['SERVER rxmesh call', expect.objectContaining({ failed: 'RXMESH_CALL_FAILED' })],
        ['SERVER rxmesh call', expect.objectContaining({ failed: '_OTHER' })],
        ['CLIENT rxmesh call', expect.objectContaining({ failed: 'cancelled' })],
      ]),
    );
    expect(traces().size).toBe(3);
  });

  it('changes nothing when the tracer throws', async () => {
    const broken: TracingApi<otel.Context, otel.Span> = {
      context: otel.context,
      propagation: otel.propagation,
      trace: {
        getTracer: () => {
          throw new Error('no tracer');
        },
        setSpan: (context, span) => otel.trace.setSpan(context, span),
      },
    };
    const options = { ...service, ...tracedCalls(broken) };
    const { listening, made } = await pair((router) => calls(router, options));
    const [serving, asking] = made;
    serving.serve(({ request }) => request * 2);
    expect(await firstValueFrom(asking.call(listening.id, 21))).toBe(42);
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});

describe('traced', () => {
  it('carries the context of a send to the consumer of the message', async () => {
    const codec = traced(json<{ n: number } | string>(), otel);
    const { listening, made } = await pair((router) => router.openChannel({ id: 1, codec }));
    const [into, out] = made;
    const contexts: (string | undefined)[] = [];
    const received: unknown[] = [];
    into.in$.subscribe(({ message }) => {
      received.push(message);
      contexts.push(otel.trace.getSpanContext(codec.contextOf(message))?.traceId);
    });
    let traceId = '';
    await otel.trace.getTracer('app').startActiveSpan('app', async (span) => {
      ({ traceId } = span.spanContext());
      await out.sendOnce({ to: listening.id, message: { n: 1 } });
      await out.sendOnce({ to: listening.id, message: 'text' });
      span.end();
    });
    await out.sendOnce({ to: listening.id, message: { n: 2 } });
    await until(() => received.length === 3);
    expect(received).toEqual([{ n: 1 }, 'text', { n: 2 }]);
    // A text is not an object, so nothing is known of it.
    expect(contexts).toEqual([traceId, undefined, undefined]);
  });

  it('has the bytes of docs/wire.md, and sends the message without what is too long', () => {
    const carrying = (text: string) =>
      traced(json<number>(), {
        context: { active: () => undefined, with: (_, work) => work() },
        propagation: {
          inject: (_, carrier) => void (carrier['a'] = text),
          extract: (_, carrier) => carrier as unknown as undefined,
        },
      });
    expect(Buffer.from(carrying('b').encode(7)).toString('hex')).toBe('0a013712060a0161120162');
    expect(Buffer.from(carrying('b'.repeat(9_000)).encode(7)).toString('hex')).toBe('0a0137');
    expect(carrying('').decode(Buffer.from('0a0137', 'hex'))).toBe(7);
    expect(() => carrying('').decode(Buffer.from('0a05', 'hex'))).toThrow('decode');
  });
});
