import type { Strategy } from '../flow/strategy.ts';

/** How full a lane is. */
export interface LaneSnapshot {
  /** What it does when it is full. */
  readonly strategy: Strategy;
  readonly depth: number;
  readonly depthBytes: number;
  readonly capacity: number;
  readonly capacityBytes: number;
}

/** The state of one channel of a session. */
export interface PortSnapshot {
  readonly channel: number;
  /**
   * The lane to the peer, whether it has the channel open, the credit it has granted us, and how
   * many sends wait for the lane.
   */
  readonly outbound: LaneSnapshot & {
    readonly open: boolean;
    readonly credit: number;
    readonly creditBytes: number;
    readonly waiting: number;
  };
  /** The lane for messages from the peer, and the credit we have granted it. */
  readonly inbound: LaneSnapshot & { readonly granted: number; readonly grantedBytes: number };
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A port, as far as its snapshots show it. */
export interface PortState {
  readonly channel: number;
  readonly outbox: LaneSnapshot & {
    readonly open: boolean;
    readonly credit: number;
    readonly creditBytes: number;
    readonly waiting: number;
    readonly messages: number;
    readonly bytes: number;
  };
  readonly inbox: LaneSnapshot | undefined;
  readonly granted: number;
  readonly grantedBytes: number;
  readonly messagesIn: number;
  readonly bytesIn: number;
}

/**
 * The state of a port, as an immutable copy: `last` itself if nothing has changed since. A large
 * node has thousands of ports, few of which change between two looks, and whoever compares two
 * snapshots needs to compare only references.
 */
export function portSnapshot(port: PortState, last: PortSnapshot | undefined): PortSnapshot {
  if (last !== undefined && isStill(port, last)) return last;
  const { outbox, inbox, channel } = port;
  const lane = inbox ?? emptyLane;
  // Written out: copying a lane by spreading takes several times as long.
  return {
    channel,
    outbound: {
      strategy: outbox.strategy,
      depth: outbox.depth,
      depthBytes: outbox.depthBytes,
      capacity: outbox.capacity,
      capacityBytes: outbox.capacityBytes,
      open: outbox.open,
      credit: outbox.credit,
      creditBytes: outbox.creditBytes,
      waiting: outbox.waiting,
    },
    inbound: {
      strategy: lane.strategy,
      depth: lane.depth,
      depthBytes: lane.depthBytes,
      capacity: lane.capacity,
      capacityBytes: lane.capacityBytes,
      granted: port.granted,
      grantedBytes: port.grantedBytes,
    },
    messagesIn: port.messagesIn,
    messagesOut: outbox.messages,
    bytesIn: port.bytesIn,
    bytesOut: outbox.bytes,
  };
}

const emptyLane: LaneSnapshot = {
  strategy: 'block',
  depth: 0,
  depthBytes: 0,
  capacity: 0,
  capacityBytes: 0,
};

/** Whether a port is as `last` says. */
function isStill(port: PortState, last: PortSnapshot): boolean {
  const { outbox, inbox } = port;
  const { outbound, inbound } = last;
  return (
    port.messagesIn === last.messagesIn &&
    outbox.messages === last.messagesOut &&
    port.bytesIn === last.bytesIn &&
    outbox.bytes === last.bytesOut &&
    outbox.waiting === outbound.waiting &&
    outbox.open === outbound.open &&
    outbox.credit === outbound.credit &&
    outbox.creditBytes === outbound.creditBytes &&
    port.granted === inbound.granted &&
    port.grantedBytes === inbound.grantedBytes &&
    isSameLane(outbox, outbound) &&
    isSameLane(inbox ?? emptyLane, inbound)
  );
}

function isSameLane(now: LaneSnapshot, last: LaneSnapshot): boolean {
  return (
    now.depth === last.depth &&
    now.depthBytes === last.depthBytes &&
    now.capacity === last.capacity &&
    now.capacityBytes === last.capacityBytes &&
    now.strategy === last.strategy
  );
}
