/**
 * Metrics of a router for OpenTelemetry, and for whatever its SDK exports to: Prometheus, OTLP.
 *
 *     import { metrics } from '@opentelemetry/api';
 *
 *     const meter = metrics.getMeter('rxmesh');
 *     const router = createRouter({ ...options, transports: [timed(webSocket(), { meter })] });
 *     measure(router, { meter });
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
export { type NamedCall, timedCalls, type TimedCalls } from './timed-calls.ts';
