import {
  type Direction,
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
import { EndedTotals, noTotals, type Totals } from './ended.ts';
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
const channelsShownMax = 200;

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

interface PeerTraffic extends Totals {
  waiting: number;
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
  readonly #ended = new EndedTotals();
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
    this.#ended.look(up);
    const unconsumed = new Set(snapshot.unconsumed);
    const { sums, traffic, busy, idle, lanes } = sift(snapshot.peers, unconsumed);
    const nameOf = (peer: string): string => nameFor(peer, up.get(peer)?.moniker);
    const { peers, channels, drops, stalls } = this.#tables;
    this.#tables = {
      peers: tableOf(this.#peers(records, up, traffic), peers),
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

  *#peers(
    records: readonly PeerRecord[],
    up: ReadonlyMap<string, PeerSnapshot>,
    traffic: ReadonlyMap<string, PeerTraffic>,
  ): Generator<PeerRow> {
    let shown = 0;
    for (const isUp of [true, false]) {
      for (const record of records) {
        if ((record.status === 'up') !== isUp) continue;
        if (shown === peersShownMax) return;
        shown += 1;
        yield this.#peerRow(record, up.get(record.id), traffic.get(record.id) ?? noTraffic());
      }
    }
  }

  #peerRow(record: PeerRecord, peer: PeerSnapshot | undefined, traffic: PeerTraffic): PeerRow {
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
      ...traffic,
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
    const all = new Set([
      ...channels,
      ...sums.keys(),
      ...this.#ended.byChannel.keys(),
      ...dropped.keys(),
    ]);
    let shown = 0;
    for (const channel of all) {
      if (shown === channelsShownMax) return;
      shown += 1;
      const sum = sums.get(channel) ?? emptySums();
      const ended = this.#ended.byChannel.get(channel) ?? noTotals();
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

const noTraffic = (): PeerTraffic => ({ ...noTotals(), waiting: 0 });
const emptySums = (): Sums => ({ ...noTotals(), peers: 0, queued: 0, waiting: 0 });

function addTo<T extends Totals>(sums: Map<number, T>, port: PortSnapshot, empty: () => T): T {
  let sum = sums.get(port.channel);
  if (sum === undefined) {
    sum = empty();
    sums.set(port.channel, sum);
  }
  add(sum, port);
  return sum;
}

function add(sum: Totals, port: PortSnapshot): void {
  sum.messagesIn += port.messagesIn;
  sum.messagesOut += port.messagesOut;
  sum.bytesIn += port.bytesIn;
  sum.bytesOut += port.bytesOut;
}

/** What one pass over all ports finds. */
interface Sifted {
  readonly sums: ReadonlyMap<number, Sums>;
  readonly traffic: ReadonlyMap<string, PeerTraffic>;
  /** Lanes that have something in them or in front of them. */
  readonly busy: readonly BusyLane[];
  /** Some of the others. */
  readonly idle: readonly LaneRow[];
  /** How many lanes there are. */
  readonly lanes: number;
}

function sift(peers: readonly PeerSnapshot[], unconsumed: ReadonlySet<number>): Sifted {
  const sums = new Map<number, Sums>();
  const traffic = new Map<string, PeerTraffic>();
  const busy: BusyLane[] = [];
  const idle: LaneRow[] = [];
  let lanes = 0;
  for (const { id: peer, moniker, channels } of peers) {
    const its = noTraffic();
    traffic.set(peer, its);
    const note = (port: PortSnapshot, direction: Direction, isBusy: boolean): void => {
      if (isBusy) {
        const key = `${peer}/${port.channel}/${direction}`;
        const isConsumed = !unconsumed.has(port.channel);
        busy.push({ key, peer, name: nameFor(peer, moniker), port, direction, isConsumed });
      } else if (idle.length < lanesShownMax) {
        idle.push(laneRow(peer, port, direction));
      }
    };
    for (const port of channels) {
      const { outbound, inbound } = port;
      lanes += 2;
      const sum = addTo(sums, port, emptySums);
      sum.peers += 1;
      sum.queued += outbound.depth + inbound.depth;
      sum.waiting += outbound.waiting;
      add(its, port);
      its.waiting += outbound.depth + inbound.depth + outbound.waiting;
      note(port, 'inbound', inbound.depth > 0);
      note(port, 'outbound', outbound.depth > 0 || outbound.waiting > 0);
    }
  }
  return { sums, traffic, busy, idle, lanes };
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
