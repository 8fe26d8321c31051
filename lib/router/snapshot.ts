import type { SwitchboardSnapshot } from '../channel/snapshot.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { NodeId } from '../model/id.ts';

/** What a router knows at one moment. */
export interface RouterSnapshot extends SwitchboardSnapshot {
  readonly id: NodeId;
  /** Where it listens. */
  readonly endpoints: readonly Endpoint[];
}
