import type { Measure } from '../frame/measure.ts';
import { bundleSize } from './bundle-size.ts';
import { connections } from './connections.ts';
import { idleConnections } from './idle-connections.ts';
import { importTime } from './import-time.ts';
import { memoryTransport } from './memory-transport.ts';
import { queuedMessages } from './queued-messages.ts';
import { routing } from './routing.ts';

/** Measures of what rxmesh costs other than traffic over a network. */
export const costs: readonly Measure[] = [
  memoryTransport,
  routing,
  connections,
  idleConnections,
  queuedMessages,
  bundleSize,
  importTime,
];
