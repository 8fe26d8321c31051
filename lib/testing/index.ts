/**
 * Helpers for testing what you build with rxmesh, in any test framework.
 *
 *     for (const { name, run } of transportConformance({ networked: false, open })) it(name, run);
 */
export {
  transportConformance,
  type ConformanceCase,
  type TransportNode,
  type TransportPair,
  type TransportSetup,
} from './transport-conformance.ts';
export { flowConformance, type FlowSetup, type FlowUnderTest } from './flow-conformance.ts';
export { codecConformance, type CodecSetup } from './codec-conformance.ts';
export { disciplineConformance, type DisciplineSetup } from './discipline-conformance.ts';
export {
  middlewareConformance,
  type MiddlewareSetup,
  type MiddlewareUnderTest,
} from './middleware-conformance.ts';
export { storeConformance, type StoreSetup } from './store-conformance.ts';
export { simulate, type Simulation } from './simulation.ts';
export type {
  CrashOptions,
  MarbleHelpers,
  SimulatedNodeOptions,
  SimulationOptions,
} from './simulation-options.ts';
export { faulty, type FaultyOptions, type FaultyTransport } from './faulty/faulty-transport.ts';
export type { FrameFault, FrameFaults } from './faulty/frames.ts';
export type { LineOptions } from './faulty/line.ts';
export type { AfterBytes, Ending, Flood, Towards } from './faulty/plan.ts';
export { simulatedStore } from './simulated-store.ts';
export {
  disagreeing,
  watchInvariants,
  type Broken,
  type Invariant,
  type InvariantOptions,
  type Invariants,
} from './invariants.ts';
export type { AccountedChannel, Ledger, LedgerTotals } from './ledger.ts';
export type { Knows } from './knowledge.ts';
export type { Bandwidth, Latency } from './lines.ts';
export type { ExpectedObservable, ExpectedSubscriptions } from './marbles/diagrams.ts';
export type { SubscribedFrames } from './marbles/expectation.ts';
export type { Like, Matcher } from './marbles/like.ts';
export type { LogEntry } from './log-entry.ts';
export type { NodeOptions, SimulatedNode } from './simulated-node.ts';
export type { VirtualClock } from './virtual-clock.ts';
