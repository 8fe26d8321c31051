import type { MeterLike, MetricObservable, MetricOptions } from './meter.ts';

type Kind = 'counter' | 'sum' | 'gauge';
type Name =
  | 'messages'
  | 'io'
  | 'drops'
  | 'laneMessages'
  | 'laneSize'
  | 'laneFill'
  | 'laneCredit'
  | 'lanesBlocked'
  | 'lanesStalled'
  | 'stalls'
  | 'awaited'
  | 'peers'
  | 'connections'
  | 'disconnections'
  | 'reports'
  | 'failures'
  | 'callsActive'
  | 'callsDropped';
type Spec = readonly [kind: Kind, name: string, unit: string, description: string];

/** The metrics that are read at collection. docs/operating.md explains them. */
const specs: Readonly<Record<Name, Spec>> = {
  messages: ['counter', 'rxmesh.messages', '{message}', 'Messages written and received.'],
  io: ['counter', 'rxmesh.io', 'By', 'Bytes of messages written and received.'],
  drops: ['counter', 'rxmesh.drops', '{message}', 'Messages that were not delivered, by reason.'],
  laneMessages: ['sum', 'rxmesh.lane.messages', '{message}', 'Messages that wait in lanes.'],
  laneSize: ['sum', 'rxmesh.lane.size', 'By', 'Bytes that wait in lanes.'],
  laneFill: ['gauge', 'rxmesh.lane.fill', '1', 'How full the fullest lane is, from 0 to 1.'],
  laneCredit: [
    'gauge',
    'rxmesh.lane.credit',
    '{message}',
    'How many more messages may be sent over the lane with the least credit.',
  ],
  lanesBlocked: [
    'sum',
    'rxmesh.lane.blocked',
    '{lane}',
    'Lanes with messages to send and no credit: the consumer at the other side is slower.',
  ],
  lanesStalled: [
    'sum',
    'rxmesh.lane.stalled',
    '{lane}',
    'Lanes that nothing has left for timeouts.stallMs.',
  ],
  stalls: ['counter', 'rxmesh.lane.stalls', '{stall}', 'How often a lane has stalled.'],
  awaited: ['sum', 'rxmesh.awaited', '{send}', 'Sends that wait for an absent peer.'],
  peers: ['sum', 'rxmesh.peers', '{peer}', 'Known peers, by state.'],
  connections: [
    'counter',
    'rxmesh.connections',
    '{connection}',
    'Connections that came up, or failed with error.type.',
  ],
  disconnections: ['counter', 'rxmesh.disconnections', '{connection}', 'Connections that ended.'],
  reports: ['counter', 'rxmesh.reports', '{report}', 'Reports of misbehaviour.'],
  failures: ['counter', 'rxmesh.failures', '{failure}', 'Failures of the node itself.'],
  callsActive: ['sum', 'rxmesh.calls.active', '{call}', 'Calls that have not ended.'],
  callsDropped: ['counter', 'rxmesh.calls.dropped', '{message}', 'Messages for no call.'],
};

/** The instruments by name. */
export type Instruments = Readonly<Record<Name, MetricObservable>>;

/** Creates the instruments. */
export function createInstruments(meter: MeterLike): Instruments {
  const create = ([kind, name, unit, description]: Spec): MetricObservable => {
    const options: MetricOptions = { description, unit };
    if (kind === 'counter') return meter.createObservableCounter(name, options);
    if (kind === 'sum') return meter.createObservableUpDownCounter(name, options);
    return meter.createObservableGauge(name, options);
  };
  const entries = Object.entries(specs).map(([name, spec]) => [name, create(spec)]);
  return Object.fromEntries(entries) as Instruments;
}
