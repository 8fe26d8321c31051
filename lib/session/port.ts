import type { LaneOptions } from '../flow/strategy.ts';
import { Assembler } from './assembler.ts';
import type { ChannelEnd, Grant, Inbox } from './channel-end.ts';
import { Outbox, type SendCounter } from './outbox.ts';

/** Lane of a channel that the peer has open and we have not: it never holds anything. */
const noLane: LaneOptions = { strategy: 'dropNewest', capacity: 1 };

/** One channel of a session, both ways. */
export interface Port {
  readonly assembler: Assembler;
  readonly outbox: Outbox;
  end: ChannelEnd | undefined;
  inbox: Inbox | undefined;
  /** Opened by the peer, and never by us. */
  foreign: boolean;
  /** What this session has joined the inbox with. */
  grant: Grant;
  /** How many more messages the peer may begin, while it has credit for bytes as well. */
  granted: number;
  /** How many more bytes; below 0 when its last message was longer than what was left. */
  grantedBytes: number;
  messagesIn: number;
  bytesIn: number;
}

/** What waits in a lane, and when it is full. */
export interface LaneSnapshot {
  readonly depth: number;
  readonly depthBytes: number;
  readonly capacity: number;
  readonly capacityBytes: number;
}

/** What a session tells of one of its channels. */
export interface PortSnapshot {
  readonly channel: number;
  /** The lane to the peer, and the credit that it has given us. */
  readonly outbound: LaneSnapshot & { readonly credit: number; readonly creditBytes: number };
  /** The lane of what has come from the peer, and the credit that we have given it. */
  readonly inbound: LaneSnapshot & { readonly granted: number; readonly grantedBytes: number };
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The port of a channel that neither side has opened; `counter` is as an `Outbox` takes it. */
export function newPort(channel: number, counter: SendCounter | undefined): Port {
  return {
    assembler: new Assembler(),
    outbox: new Outbox(channel, noLane, counter),
    end: undefined,
    inbox: undefined,
    foreign: false,
    grant: () => undefined,
    granted: 0,
    grantedBytes: 0,
    messagesIn: 0,
    bytesIn: 0,
  };
}

/** What a port is now, as a copy that does not change. */
export function portSnapshot(port: Port): PortSnapshot {
  const { outbox, inbox, granted, grantedBytes, messagesIn, bytesIn } = port;
  const { channel, credit, creditBytes } = outbox;
  return {
    channel,
    outbound: { ...laneSnapshot(outbox), credit, creditBytes },
    inbound: { ...laneSnapshot(inbox ?? emptyLane), granted, grantedBytes },
    messagesIn,
    messagesOut: outbox.messages,
    bytesIn,
    bytesOut: outbox.bytes,
  };
}

const emptyLane: LaneSnapshot = { depth: 0, depthBytes: 0, capacity: 0, capacityBytes: 0 };

function laneSnapshot(lane: LaneSnapshot): LaneSnapshot {
  const { depth, depthBytes, capacity, capacityBytes } = lane;
  return { depth, depthBytes, capacity, capacityBytes };
}
