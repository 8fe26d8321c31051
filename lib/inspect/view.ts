import { type Codec, type DropReason, type Direction, json, type Strategy } from '../index.ts';

/** The network of the inspector and its pages. */
export const inspectNetwork = 'rxmesh-inspect';
/** Where the WebSocket of the pages is. */
export const meshPath = '/mesh';
/** Where the inspector of a page listens for it, as an address to dial. */
export function meshAddress(
  { protocol, host }: { readonly protocol: string; readonly host: string },
  id: string,
): string {
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${id}@${host}${meshPath}`;
}

/** The channel of the calls between a page and its inspector. */
export const callsChannel = 1;

/** How many lanes a view has: the fullest, and then idle ones. */
export const lanesShownMax = 120;

/** A row of the view. `key` is unique in its table. A field that is `undefined` is left out. */
export interface Row {
  readonly key: string;
}

/** The inspected node. */
export interface NodeRow {
  readonly id: string;
  readonly addresses: readonly string[];
  /** Whether the page may give commands. */
  readonly mayControl: boolean;
  /** Peers that are known, of which the view has the first ones. */
  readonly known: number;
  /** Lanes there are, of which the view has those with most to show. */
  readonly lanes: number;
}

/** What a peer is doing: `waiting` is a back-off. */
export type PeerState = 'up' | 'dialing' | 'waiting' | 'down';

/** A known peer. Its key is its ID. */
export interface PeerRow extends Row {
  readonly state: PeerState;
  readonly moniker?: string | undefined;
  readonly direction?: Direction | undefined;
  readonly remote?: string | undefined;
  readonly roundTripMs?: number | undefined;
  readonly upSinceMs?: number | undefined;
  readonly failures: number;
  readonly nextDialMs?: number | undefined;
  readonly lastDial?: { readonly atMs: number; readonly isGood: boolean } | undefined;
  /** Why the last dial failed. */
  readonly problem?: string | undefined;
  readonly address?: string | undefined;
  readonly isPersistent: boolean;
  readonly score: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Messages that wait, in its lanes and in front of them. */
  readonly waiting: number;
}

/** A channel, with the totals of all peers since the inspector has been there. */
export interface ChannelRow extends Row {
  readonly channel: number;
  /** Whether it is open on this node. */
  readonly isOpen: boolean;
  readonly isConsumed: boolean;
  /** Connected peers that have it, too. */
  readonly peers: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly dropped: number;
  /** Messages in lanes. */
  readonly queued: number;
  /** Sends that wait: for a lane, or for a peer that is away. */
  readonly waiting: number;
}

/** One lane of one peer and channel. */
export interface LaneRow extends Row {
  readonly peer: string;
  readonly channel: number;
  readonly direction: Direction;
  readonly strategy: Strategy;
  readonly depth: number;
  /** How many messages it takes now: its capacity, or for an inbound lane what it has promised. */
  readonly limit: number;
  readonly depthBytes: number;
  /** How full it is, from 0 to 1, in messages or bytes, whichever is more. */
  readonly fill: number;
  /** How many more messages may be sent: by this node (outbound), or by the peer. */
  readonly credit: number;
  /** Sends that wait for it. */
  readonly waiting: number;
}

/**
 * How bad it is: `stalled`: nothing moves; `slow`: producers wait, and messages move; `absent`:
 * sends wait for a peer that is not there.
 */
export type StallKind = 'stalled' | 'slow' | 'absent';

/** Something that stands still, in words. */
export interface StallRow extends Row {
  readonly kind: StallKind;
  readonly channel: number;
  /** The peers that it is about; none if any peer would do. */
  readonly peers: readonly string[];
  readonly direction: Direction;
  /** The keys of its lanes. */
  readonly lanes: readonly string[];
  /** Since when, on the node's clock. */
  readonly sinceMs: number;
  /** Why. */
  readonly cause: string;
  /** Who waits because of it. */
  readonly waits: string;
}

/** Messages that were dropped so far. */
export interface DropRow extends Row {
  readonly channel: number;
  readonly reason: DropReason;
  readonly count: number;
}

/** An event, as a line. */
export interface EventRow {
  readonly seq: number;
  readonly atMs: number;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly type: string;
  readonly text: string;
}

/** The tables of the view. */
export interface Tables {
  readonly peers: PeerRow;
  readonly channels: ChannelRow;
  readonly lanes: LaneRow;
  readonly stalls: StallRow;
  readonly drops: DropRow;
}

/** Rows that are new or have changed, and the keys of those that are gone. */
export interface Changes<R> {
  /** Whole rows. */
  readonly set: readonly R[];
  /** Of rows that are there, what has changed: most are counters. */
  readonly changed: readonly (readonly [key: string, fields: Partial<R>])[];
  readonly gone: readonly string[];
}

/** What has changed since the last update; the first one has everything. */
export interface Update {
  /** When the sample was taken, on the node's clock. */
  readonly atMs: number;
  /** How long it was until this sample, which grows with what a sample costs. */
  readonly everyMs: number;
  readonly node?: NodeRow;
  readonly tables: { readonly [T in keyof Tables]?: Changes<Tables[T]> };
  readonly events: readonly EventRow[];
  /** Events that the page does not get, since there were too many. */
  readonly missed: number;
}

/** What a page may ask the node to do, if it is allowed to. */
export type Command =
  | { readonly name: 'dial'; readonly address: string }
  | { readonly name: 'disconnect' | 'ban' | 'unban'; readonly peer: string }
  | { readonly name: 'set-limits'; readonly maxConnected: number };

/** The methods that a page calls. */
export type InspectMethods = {
  readonly watch: { readonly request: Codec<null>; readonly response: Codec<Update> };
  readonly command: { readonly request: Codec<Command>; readonly response: Codec<string> };
};

/** Their codecs, for both sides. Commands are checked when they are obeyed. */
export const inspectMethods: InspectMethods = {
  watch: { request: json<null>(), response: json<Update>() },
  command: { request: json<Command>(), response: json<string>() },
};
