import type { SwitchboardSnapshot } from '../channel/snapshot.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { NodeId } from '../model/id.ts';

/** The state of a router at one moment. */
export interface RouterSnapshot extends SwitchboardSnapshot {
  readonly id: NodeId;
  /** The endpoints that it listens on. */
  readonly endpoints: readonly Endpoint[];
}
