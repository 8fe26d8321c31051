import { entries } from '../contestants/index.ts';
import type { Measure } from '../frame/measure.ts';
import { measureSizes } from './throughput.ts';

/** Throughput of eight streams that share a connection. */
export const channels: Measure = {
  name: 'channels',
  title: 'Throughput, eight channels of one connection',
  about:
    'As with one channel; eight producers send at a time, each on a channel (a stream) of its own, and each ' +
    'channel is in order. Only contestants that have channels take part.',
  charted: 'messages/s',
  run: (effort) => {
    const names = entries
      .filter(({ hasChannels }) => hasChannels)
      .map(({ name }) => name)
      // The measure with one channel covers the cost of operators.
      .filter((name) => name !== 'rxmesh-operators');
    return measureSizes(names, 8, effort);
  },
};
