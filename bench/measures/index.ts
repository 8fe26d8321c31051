import type { Measure } from '../frame/measure.ts';
import { throughput } from './throughput.ts';

/** All measures, in the order of the report. */
export const measures: readonly Measure[] = [throughput];
