/**
 * Metrics and traces of a router for OpenTelemetry, and for whatever its SDK exports to, such as
 * Prometheus.
 * `meter` is `metrics.getMeter('rxmesh')`, with `metrics` of `@opentelemetry/api`.
 *
 *     const transports = [timed(webSocket(), { meter })];
 *     const measured = createRouter({ identity, network: 'shop', transports });
 *     measure(measured, { meter });
 *
 * @packageDocumentation
 */
export {
  measure,
  type MeasuredRouter,
  type MeasuredService,
  type MeasureOptions,
} from './measure.ts';
export type {
  MeterLike,
  MetricAttributes,
  MetricHistogram,
  MetricObservable,
  MetricObserver,
  MetricOptions,
} from './meter.ts';
export { timed, type TimedOptions } from './timed.ts';
export { traced, type TracedCodec } from './traced-codec.ts';
export {
  type TracedCall,
  tracedCalls,
  type TracedCalls,
  type TracedIncoming,
} from './traced-calls.ts';
export type { SpanLike, TracerLike, TracingApi } from './tracing.ts';
export { type NamedCall, timedCalls, type TimedCalls } from './timed-calls.ts';
