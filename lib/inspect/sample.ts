import {
  type DropReason,
  formatEndpoint,
  formatNodeAddress,
  type PeerRecord,
  type PeerSnapshot,
  type PortSnapshot,
  type RouterLike,
  type RouterSnapshot,
} from '../index.ts';
import { type Table, tableOf } from './changes.ts';
import { laneRow, laneRows } from './lane-rows.ts';
import { type BusyLane, StallWatch } from './stalls.ts';
import {
  lanesShownMax,
  type ChannelRow,
  type DropRow,
  type LaneRow,
  type NodeRow,
  type PeerRow,
  type PeerState,
  type StallRow,
  type Tables,
} from './view.ts';

/** How many known peers a view has; those that are up come first. */
export const peersShownMax = 200;
/** How many channels, and how many rows of drops. */
export const channelsShownMax = 200;

/** What an inspector needs of a router. */
export type InspectedRouter = Pick<
  RouterLike,
  'id' | 'addresses' | 'events$' | 'snapshot' | 'peers'
>;

/** The state of a router at one moment, as rows. */
export interface Sample {
  readonly atMs: number;
  readonly node: NodeRow;
  readonly tables: { readonly [T in keyof Tables]: Table<Tables[T]> };
}

/** What is there before the first sample. */
export const noTables: Sample['tables'] = {
  peers: new Map<string, PeerRow>(),
  channels: new Map<string, ChannelRow>(),
  lanes: new Map<string, LaneRow>(),
  stalls: new Map<string, StallRow>(),
  drops: new Map<string, DropRow>(),
};

interface Totals {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
}

interface Sums extends Totals {
  peers: number;
  queued: number;
  waiting: number;
}

/** Makes samples of a router, one after the other. */
export class Sampling {
  readonly #router: InspectedRouter;
  readonly #mayControl: boolean;
  readonly #problemOf: (peer: string) => string | undefined;
  readonly #stalls = new StallWatch();
  /** What connections that have ended had carried, by channel. */
  readonly #ended = new Map<number, Totals>();
  #before: ReadonlyMap<string, PeerSnapshot> = new Map();
  #tables = noTables;

  /** @param problemOf why the last dial of a peer failed */
  constructor(
    router: InspectedRouter,
    mayControl: boolean,
    problemOf: (peer: string) => string | undefined,
  ) {
    this.#router = router;
    this.#mayControl = mayControl;
    this.#problemOf = problemOf;
  }

  take(atMs: number): Sample {
    const snapshot = this.#router.snapshot();
    const records = this.#router.peers.list();
    const up = new Map(snapshot.peers.map((peer) => [String(peer.id), peer] as const));
    this.#notice(up);
    const sums = new Map<number, Sums>();
    const unconsumed = new Set(snapshot.unconsumed);
    const { busy, idle, lanes } = sift(snapshot.peers, unconsumed, sums);
    const nameOf = (peer: string): string => nameFor(peer, up.get(peer)?.moniker);
    const { peers, channels, drops, stalls } = this.#tables;
    this.#tables = {
      peers: tableOf(this.#peers(records, up), peers),
      channels: tableOf(this.#channels(snapshot, sums, unconsumed), channels),
      lanes: tableOf(laneRows(busy, idle), this.#tables.lanes),
      stalls: tableOf(this.#stalls.look(busy, snapshot.awaited, nameOf, atMs), stalls),
      drops: tableOf(dropRows(snapshot), drops),
    };
    const node: NodeRow = {
      id: this.#router.id,
      addresses: this.#router.addresses,
      mayControl: this.#mayControl,
      known: records.length,
      lanes,
    };
    return { atMs, node, tables: this.#tables };
  }

  /** Adds what connections that have ended since the last sample had carried. */
  #notice(up: ReadonlyMap<string, PeerSnapshot>): void {
    for (const [id, before] of this.#before) {
      if (up.get(id)?.upSinceMs === before.upSinceMs) continue;
      for (const port of before.channels) addTo(this.#ended, port, emptyTotals);
    }
    this.#before = up;
  }

  *#peers(
    records: readonly PeerRecord[],
    up: ReadonlyMap<string, PeerSnapshot>,
  ): Generator<PeerRow> {
    let shown = 0;
    for (const isUp of [true, false]) {
      for (const record of records) {
        if ((record.status === 'up') !== isUp) continue;
        if (shown === peersShownMax) return;
        shown += 1;
        yield this.#peerRow(record, up.get(record.id));
      }
    }
  }

  #peerRow(record: PeerRecord, peer: PeerSnapshot | undefined): PeerRow {
    const { id, failures, isPersistent, nextDialMs, lastDial } = record;
    const [address] = record.addresses;
    const problem = failures > 0 ? this.#problemOf(id) : undefined;
    return {
      key: id,
      state: stateOf(record),
      failures,
      isPersistent,
      score: record.score,
      ...(nextDialMs !== undefined && { nextDialMs }),
      ...(lastDial !== undefined && { lastDial }),
      ...(problem !== undefined && { problem }),
      ...(address !== undefined && { address: formatNodeAddress(address) }),
      ...(peer !== undefined && linkOf(peer)),
      ...trafficOf(peer?.channels ?? []),
    };
  }

  *#channels(
    { channels, drops, awaited }: RouterSnapshot,
    sums: ReadonlyMap<number, Sums>,
    unconsumed: ReadonlySet<number>,
  ): Generator<ChannelRow> {
    const dropped = new Map<number, number>();
    for (const { channel, count } of drops) {
      dropped.set(channel, (dropped.get(channel) ?? 0) + count);
    }
    const open = new Set(channels);
    const all = new Set([...channels, ...sums.keys(), ...this.#ended.keys(), ...dropped.keys()]);
    let shown = 0;
    for (const channel of all) {
      if (shown === channelsShownMax) return;
      shown += 1;
      const sum = sums.get(channel) ?? emptySums();
      const ended = this.#ended.get(channel) ?? emptyTotals();
      const away = awaited.filter((each) => each.channel === channel);
      yield {
        key: String(channel),
        channel,
        isOpen: open.has(channel),
        isConsumed: open.has(channel) && !unconsumed.has(channel),
        peers: sum.peers,
        messagesIn: sum.messagesIn + ended.messagesIn,
        messagesOut: sum.messagesOut + ended.messagesOut,
        bytesIn: sum.bytesIn + ended.bytesIn,
        bytesOut: sum.bytesOut + ended.bytesOut,
        dropped: dropped.get(channel) ?? 0,
        queued: sum.queued,
        waiting: away.reduce((all, { sends }) => all + sends, sum.waiting),
      };
    }
  }
}

const emptyTotals = (): Totals => ({ messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 });
const emptySums = (): Sums => ({ ...emptyTotals(), peers: 0, queued: 0, waiting: 0 });

function addTo<T extends Totals>(sums: Map<number, T>, port: PortSnapshot, empty: () => T): T {
  let sum = sums.get(port.channel);
  if (sum === undefined) {
    sum = empty();
    sums.set(port.channel, sum);
  }
  sum.messagesIn += port.messagesIn;
  sum.messagesOut += port.messagesOut;
  sum.bytesIn += port.bytesIn;
  sum.bytesOut += port.bytesOut;
  return sum;
}

/** One pass over all ports: the sums of the channels, and the lanes that have something to show. */
function sift(
  peers: readonly PeerSnapshot[],
  unconsumed: ReadonlySet<number>,
  sums: Map<number, Sums>,
): { busy: readonly BusyLane[]; idle: readonly LaneRow[]; lanes: number } {
  const busy: BusyLane[] = [];
  const idle: LaneRow[] = [];
  let lanes = 0;
  for (const { id: peer, moniker, channels } of peers) {
    for (const port of channels) {
      const { channel, outbound, inbound } = port;
      lanes += 2;
      const sum = addTo(sums, port, emptySums);
      sum.peers += 1;
      sum.queued += outbound.depth + inbound.depth;
      sum.waiting += outbound.waiting;
      for (const direction of ['inbound', 'outbound'] as const) {
        if (port[direction].depth > 0 || (direction === 'outbound' && outbound.waiting > 0)) {
          const key = `${peer}/${channel}/${direction}`;
          const name = nameFor(peer, moniker);
          busy.push({ key, peer, name, port, direction, isConsumed: !unconsumed.has(channel) });
        } else if (idle.length < lanesShownMax) {
          idle.push(laneRow(peer, port, direction));
        }
      }
    }
  }
  return { busy, idle, lanes };
}

function nameFor(peer: string, moniker: string | undefined): string {
  const short = peer.slice(0, 8);
  return moniker === undefined || moniker === short ? short : `${moniker} (${short})`;
}

function stateOf({ status, isDialing, nextDialMs }: PeerRecord): PeerState {
  if (status === 'up') return 'up';
  if (isDialing) return 'dialing';
  return nextDialMs === undefined ? 'down' : 'waiting';
}

function linkOf(peer: PeerSnapshot): Partial<PeerRow> {
  const { moniker, direction, remote, upSinceMs, roundTripMs } = peer;
  return {
    moniker,
    direction,
    upSinceMs,
    remote: formatEndpoint(remote),
    ...(roundTripMs !== undefined && { roundTripMs: Math.round(roundTripMs * 100) / 100 }),
  };
}

function trafficOf(ports: readonly PortSnapshot[]): Totals & { waiting: number } {
  const traffic = { ...emptyTotals(), waiting: 0 };
  for (const port of ports) {
    traffic.messagesIn += port.messagesIn;
    traffic.messagesOut += port.messagesOut;
    traffic.bytesIn += port.bytesIn;
    traffic.bytesOut += port.bytesOut;
    traffic.waiting += port.inbound.depth + port.outbound.depth + port.outbound.waiting;
  }
  return traffic;
}

function dropRows({ drops }: RouterSnapshot): readonly DropRow[] {
  const rows = drops.map(
    ({ channel, reason, count }: { channel: number; reason: DropReason; count: number }) => ({
      key: `${channel}/${reason}`,
      channel,
      reason,
      count,
    }),
  );
  return rows.sort((a, b) => b.count - a.count).slice(0, channelsShownMax);
}
