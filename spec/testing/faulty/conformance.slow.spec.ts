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
import { patienceMs } from '../../support/until.ts';

releases();

/**
 * Whether both nodes have a line, or only the first one. Behind a line with latency of its own, a
 * node hears of the end when the other side is through with it (T-14).
 */
type Wrapped = 'both' | 'one';

const hearsLate = ({ latencyMs }: FaultyOptions, wrapped: Wrapped): boolean =>
  latencyMs !== undefined && wrapped === 'both';

const overMemory = (
  line: FaultyOptions,
  options: MemoryNetworkOptions = {},
  wrapped: Wrapped = 'both',
): TransportSetup => ({
  networked: false,
  hearsLate: hearsLate(line, wrapped),
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

const overWebSocket = (line: FaultyOptions, wrapped: Wrapped = 'both'): TransportSetup => ({
  networked: true,
  hearsLate: hearsLate(line, wrapped),
  timeoutMs: patienceMs,
  clock: pollingClock,
  open: () => {
    const node = (seed: number) => {
      const transport = webSocket({ listen: { host: '127.0.0.1' } });
      const isBare = wrapped === 'one' && seed === 2;
      return {
        identity: identityOf(seed),
        transport: isBare ? transport : faulty(transport, line),
      };
    };
    return { a: node(1), b: node(2) };
  },
});

describe.each([
  ['the memory transport', overMemory({})],
  ['the memory transport, encrypted', overMemory({}, { protection: 'encrypted' })],
  ['the memory transport with its own latency', overMemory({}, { latencyMs: 2 })],
  ['the memory transport, delayed', overMemory({ latencyMs: 2, jitterMs: 2 }, {}, 'one')],
  ['the memory transport, delayed at both ends', overMemory({ latencyMs: 2, jitterMs: 2 })],
  [
    'the memory transport, delayed at both ends and in between',
    overMemory({ latencyMs: 5 }, { latencyMs: 3, protection: 'encrypted' }),
  ],
  ['the WebSocket transport', overWebSocket({})],
  ['the WebSocket transport, delayed at both ends', overWebSocket({ latencyMs: 2, jitterMs: 2 })],
  ['the WebSocket transport, delayed', overWebSocket({ latencyMs: 2, jitterMs: 2 }, 'one')],
])('%s, wrapped and without faults', (_, setup) => {
  for (const { name, run } of transportConformance(setup)) it(name, run);
});

trackLeaks();
