import type { Outcome } from '../../../bench/frame/measure.ts';

/** A measure of two contestants in two cases, of which one has failed in the second. */
export const outcome: Outcome = {
  measure: {
    name: 'carrying',
    title: 'Carrying & more',
    about: 'What is carried.',
    charted: 'messages/s',
  },
  seconds: 12.3,
  machine: { yardstickMs: [4, 8, 5], takenShare: 0.123 },
  series: [
    { case: '1 <B>', contestant: 'rxmesh', quantity: 'messages/s', rounds: [400, 600, 500] },
    { case: '1 <B>', contestant: 'rxmesh', quantity: 'CPU', rounds: [1, 3, 2] },
    { case: '1 <B>', contestant: 'other', quantity: 'messages/s', rounds: [100, 100, 50] },
    { case: '1 <B>', contestant: 'other', quantity: 'CPU', rounds: [4, 4, 4] },
    { case: '2 B', contestant: 'rxmesh', quantity: 'messages/s', rounds: [50] },
    { case: '2 B', contestant: 'rxmesh', quantity: 'CPU', rounds: [9] },
  ],
  failures: [{ case: '2 B', contestant: 'other', reason: 'it hung | twice' }],
};
