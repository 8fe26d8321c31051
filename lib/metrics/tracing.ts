import type { MetricAttributes } from './meter.ts';

/** A span that has been started. */
export interface SpanLike {
  setAttribute(name: string, value: string): unknown;
  setStatus(status: { code: number; message?: string }): unknown;
  end(): void;
}

/** Starts spans. */
export interface TracerLike<Context, Span> {
  startSpan(
    name: string,
    options: { readonly kind: number; readonly attributes: MetricAttributes },
    context: Context,
  ): Span;
}

/**
 * The part of `@opentelemetry/api` that rxmesh uses for traces. Declared here, so that neither this
 * module nor its types need that package; the whole of it (`import * as otel`) is one.
 */
export interface TracingApi<Context, Span extends SpanLike> {
  readonly context: {
    active(): Context;
    with<T>(context: Context, work: () => T): T;
  };
  readonly propagation: {
    inject(context: Context, carrier: Record<string, string>): void;
    extract(context: Context, carrier: Readonly<Record<string, string>>): Context;
  };
  readonly trace: {
    getTracer(name: string): TracerLike<Context, Span>;
    setSpan(context: Context, span: Span): Context;
  };
}

/** `SpanKind` of OpenTelemetry. */
export const spanKinds = { server: 1, client: 2 } as const;

/** `SpanStatusCode.ERROR` of OpenTelemetry. */
export const failed = 2;

/** The name of the tracer whose spans these are. */
export const tracerName = 'rxmesh';
