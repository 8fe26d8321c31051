import type { Measure } from '../frame/measure.ts';
import { broadcast } from './broadcast.ts';
import { channels } from './channels.ts';
import { costs } from './costs.ts';
import { distance } from './distance.ts';
import { matrix } from './matrix.ts';
import { roundTrip } from './round-trip.ts';
import { throughput } from './throughput.ts';

/** All measures, in the order of the report. */
export const measures: readonly Measure[] = [
  throughput,
  channels,
  roundTrip,
  broadcast,
  matrix,
  distance,
  ...costs,
];
