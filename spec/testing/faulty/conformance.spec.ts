import { describe, it } from '@jest/globals';
import {
  faulty,
  type FaultyOptions,
  transportConformance,
  type TransportSetup,
} from '../../../lib/testing/index.ts';
import { MemoryNetwork, type MemoryNetworkOptions } from '../../../transports/memory/index.ts';
import { webSocket } from '../../../transports/websocket/index.ts';
import { identityOf } from '../../support/mock-node.ts';
import { trackLeaks } from '../../support/leaks.ts';
import { pollingClock } from '../../support/polling-clock.ts';
import { releases } from '../../transports/websocket/support.ts';

releases();

/** With a line for the second node as well, or for the first one only. */
const overMemory = (
  line: FaultyOptions,
  options: MemoryNetworkOptions = {},
  wrapped: 'both' | 'one' = 'both',
): TransportSetup => ({
  networked: false,
  clock: pollingClock,
  open: () => {
    const network = new MemoryNetwork(options);
    const node = (seed: number) => {
      const identity = identityOf(seed);
      const transport = network.transport(identity.id);
      const isBare = wrapped === 'one' && seed === 2;
      return { identity, transport: isBare ? transport : faulty(transport, line) };
    };
    return { a: node(1), b: node(2) };
  },
});

const overWebSocket = (line: FaultyOptions): TransportSetup => ({
  networked: true,
  clock: pollingClock,
  open: () => {
    const node = (seed: number) => ({
      identity: identityOf(seed),
      transport: faulty(webSocket({ listen: { host: '127.0.0.1' } }), line),
    });
    return { a: node(1), b: node(2) };
  },
});

describe.each([
  ['the memory transport', overMemory({})],
  ['the memory transport, encrypted', overMemory({}, { protection: 'encrypted' })],
  ['the memory transport with its own latency', overMemory({}, { latencyMs: 2 })],
  ['the memory transport, delayed', overMemory({ latencyMs: 2, jitterMs: 2 }, {}, 'one')],
  ['the WebSocket transport', overWebSocket({})],
  ['the WebSocket transport, delayed', overWebSocket({ latencyMs: 2, jitterMs: 2 })],
])('%s, wrapped and without faults', (_, setup) => {
  for (const { name, run } of transportConformance(setup)) it(name, run);
});

trackLeaks();
