import { quietly } from './quietly.ts';

/** Labels of a measurement. */
export type MetricAttributes = Readonly<Record<string, string | number>>;

/** What a metric is called, and its unit (UCUM). */
export interface MetricOptions {
  readonly description: string;
  readonly unit: string;
  /** Hints for the SDK: the boundaries of a histogram's buckets. */
  readonly advice?: { explicitBucketBoundaries?: number[] };
}

/** Takes single measurements. */
export interface MetricHistogram {
  record(value: number, attributes?: MetricAttributes): void;
}

/** Takes the measurements of one collection. */
export interface MetricObserver {
  observe(metric: MetricObservable, value: number, attributes?: MetricAttributes): void;
}

/** A metric that is read when it is collected. Opaque: the meter that made it knows it. */
export type MetricObservable = object;

/**
 * The part of a `Meter` of `@opentelemetry/api` that rxmesh uses. Declared here, so that neither
 * this module nor its types need that package; every `Meter` is one.
 */
export interface MeterLike {
  createHistogram(name: string, options?: MetricOptions): MetricHistogram;
  createObservableCounter(name: string, options?: MetricOptions): MetricObservable;
  createObservableUpDownCounter(name: string, options?: MetricOptions): MetricObservable;
  createObservableGauge(name: string, options?: MetricOptions): MetricObservable;
  // The meter's own types of observables, which nothing outside it looks into.
  addBatchObservableCallback(
    callback: (observer: MetricObserver) => void,
    observables: never[],
  ): void;
  removeBatchObservableCallback(
    callback: (observer: MetricObserver) => void,
    observables: never[],
  ): void;
}

/** Bounds of buckets for durations, in seconds: from a loopback connection to a timeout. */
const durationBuckets: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** A histogram of durations, in seconds. A meter that throws is not noticed by its caller. */
export function durations(
  meter: MeterLike,
  name: string,
  description: string,
): (ms: number, attributes: MetricAttributes) => void {
  const histogram = meter.createHistogram(name, {
    description,
    unit: 's',
    advice: { explicitBucketBoundaries: [...durationBuckets] },
  });
  return (ms, attributes) => {
    quietly(() => histogram.record(ms / 1_000, attributes));
  };
}
