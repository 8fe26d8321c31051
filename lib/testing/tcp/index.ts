/**
 * A TCP line that is long, slow or faulty, for tests over real sockets. For Node.
 *
 *     const line = await TcpLine.open(4000, { latencyMs: 25, faults: { flipEveryBytes: 50_000 } });
 *
 * @packageDocumentation
 */
export { TcpLine, type TcpLineOptions } from './tcp-line.node.ts';
export type { TcpFault, TcpFaults } from './faults.ts';
export type { LineOptions } from '../faulty/line.ts';
export type { AfterBytes, Flood, Towards } from '../faulty/plan.ts';
