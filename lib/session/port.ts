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
  /** How many more messages the peer may begin. */
  granted: number;
  messagesIn: number;
  bytesIn: number;
}

/** What a session tells of one of its channels. */
export interface PortSnapshot {
  readonly channel: number;
  readonly outbound: { readonly depth: number; readonly capacity: number; readonly credit: number };
  readonly inbound: { readonly depth: number; readonly capacity: number; readonly granted: number };
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
    messagesIn: 0,
    bytesIn: 0,
  };
}

/** What a port is now, as a copy that does not change. */
export function portSnapshot({ outbox, inbox, granted, messagesIn, bytesIn }: Port): PortSnapshot {
  const { channel, credit } = outbox;
  return {
    channel,
    outbound: { depth: outbox.depth, capacity: outbox.capacity, credit },
    inbound: { depth: inbox?.depth ?? 0, capacity: inbox?.capacity ?? 0, granted },
    messagesIn,
    messagesOut: outbox.messages,
    bytesIn,
    bytesOut: outbox.bytes,
  };
}
