import type { Measure } from '../frame/measure.ts';
import { channels } from './channels.ts';
import { roundTrip } from './round-trip.ts';
import { throughput } from './throughput.ts';

/** All measures, in the order of the report. */
export const measures: readonly Measure[] = [throughput, channels, roundTrip];
