import { Flow, type NodeId } from '../index.ts';
import type { MetricAttributes } from './meter.ts';
import { quietly } from './quietly.ts';
import { failed, type SpanLike, spanKinds, tracerName, type TracingApi } from './tracing.ts';
import { whenEnded } from './when-ended.ts';

/** What `tracedCalls` needs to know about a call to a peer. */
export interface TracedCall {
  readonly method: string;
  readonly to: NodeId;
  readonly headers: Record<string, string>;
}

/** What `tracedCalls` needs to know about a call from a peer. */
export interface TracedIncoming {
  readonly method: string;
  readonly from: NodeId;
  readonly headers: Readonly<Record<string, string>>;
}

/** Middleware for both sides of a method. */
export interface TracedCalls {
  readonly aroundCalls: readonly [<T>(answers: Flow<T>, call: TracedCall) => Flow<T>];
  readonly aroundHandler: readonly [<T>(answers: Flow<T>, call: TracedIncoming) => Flow<T>];
}

/**
 * Middleware that traces calls: a client span for each call of this node, a server span for each
 * that it serves, and the context of the trace in the headers of the call, so that both are parts
 * of one trace. Calls that a handler makes are below its span: those that it makes at once and,
 * with a context manager for asynchronous code, those that it makes later in its promises. Demand
 * passes through.
 *
 *     calls(router, { id: 0x20, request: json(), response: json(), ...tracedCalls(otel) });
 *
 * `otel` is the whole of `@opentelemetry/api` (`import * as otel`).
 *
 * A span has the attributes of OpenTelemetry's conventions for RPC (`rpc.system.name`,
 * `rpc.method`), the peer as `rxmesh.peer.id`, and an `error.type` if the call fails: an error
 * code, or `cancelled` if its caller left without an answer. Notices get a span at the node that
 * serves them, in a trace of its own. A tracer that throws does not affect the call.
 */
export function tracedCalls<Context, Span extends SpanLike>(
  api: TracingApi<Context, Span>,
): TracedCalls {
  return {
    aroundCalls: [(answers, call) => new Flow((sink) => asked(api, answers, call).consume(sink))],
    aroundHandler: [
      (answers, call) =>
        new Flow((sink) => {
          const { flow, context } = served(api, answers, call);
          return api.context.with(context, () => flow.consume(sink));
        }),
    ],
  };
}

function asked<T, Context, Span extends SpanLike>(
  api: TracingApi<Context, Span>,
  answers: Flow<T>,
  { method, to, headers }: TracedCall,
): Flow<T> {
  const parent = api.context.active();
  const span = started(api, { method, peer: to, kind: spanKinds.client, parent });
  if (span === undefined) return answers;
  quietly(() => api.propagation.inject(api.trace.setSpan(parent, span), headers));
  return whenEnded(answers, (outcome) => end(span, outcome));
}

function served<T, Context, Span extends SpanLike>(
  api: TracingApi<Context, Span>,
  answers: Flow<T>,
  { method, from, headers }: TracedIncoming,
): { readonly flow: Flow<T>; readonly context: Context } {
  const active = api.context.active();
  const parent = quietly(() => api.propagation.extract(active, headers)) ?? active;
  const span = started(api, { method, peer: from, kind: spanKinds.server, parent });
  if (span === undefined) return { flow: answers, context: active };
  const flow = whenEnded(answers, (outcome) => end(span, outcome));
  return { flow, context: api.trace.setSpan(parent, span) };
}

interface Start<Context> {
  readonly method: string;
  readonly peer: NodeId;
  readonly kind: number;
  readonly parent: Context;
}

function started<Context, Span extends SpanLike>(
  api: TracingApi<Context, Span>,
  { method, peer, kind, parent }: Start<Context>,
): Span | undefined {
  const attributes = {
    'rpc.system.name': 'rxmesh',
    'rpc.method': method,
    'rxmesh.peer.id': peer,
  };
  const name = method === '' ? 'rxmesh call' : method;
  return quietly(() =>
    api.trace.getTracer(tracerName).startSpan(name, { kind, attributes }, parent),
  );
}

function end(span: SpanLike, { 'error.type': error }: MetricAttributes): void {
  quietly(() => {
    if (error !== undefined) {
      span.setAttribute('error.type', String(error));
      span.setStatus({ code: failed });
    }
    span.end();
  });
}
