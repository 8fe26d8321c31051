import {
  type DropReason,
  formatEndpoint,
  formatNodeAddress,
  type PeerRecord,
  type PeerSnapshot,
  type RouterLike,
  type RouterSnapshot,
} from '../index.ts';
import { type Table, tableOf } from './changes.ts';
import { laneRows } from './lane-rows.ts';
import { StallWatch } from './stalls.ts';
import { nameFor, noSums, noTraffic, type PeerTraffic, Traffic } from './traffic.ts';
import {
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

/** Makes samples of a router, one after the other. */
export class Sampling {
  readonly #router: InspectedRouter;
  readonly #mayControl: boolean;
  readonly #problemOf: (peer: string) => string | undefined;
  readonly #stalls = new StallWatch();
  readonly #traffic = new Traffic();
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
    const unconsumed = new Set(snapshot.unconsumed);
    this.#traffic.look(snapshot.peers);
    const busy = this.#traffic.busy(unconsumed);
    const nameOf = (peer: string): string => nameFor(peer, up.get(peer)?.moniker);
    const { peers, channels, drops, stalls } = this.#tables;
    this.#tables = {
      peers: tableOf(this.#peers(records, up), peers),
      channels: tableOf(this.#channels(snapshot, unconsumed), channels),
      lanes: tableOf(laneRows(busy, this.#traffic.idle()), this.#tables.lanes),
      stalls: tableOf(this.#stalls.look(busy, snapshot.awaited, nameOf, atMs), stalls),
      drops: tableOf(dropRows(snapshot), drops),
    };
    const node: NodeRow = {
      id: this.#router.id,
      addresses: this.#router.addresses,
      mayControl: this.#mayControl,
      known: records.length,
      lanes: this.#traffic.lanes,
    };
    return { atMs, node, tables: this.#tables };
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
        yield this.#peerRow(record, up.get(record.id), this.#traffic.of(record.id) ?? noTraffic());
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
    unconsumed: ReadonlySet<number>,
  ): Generator<ChannelRow> {
    const dropped = new Map<number, number>();
    for (const { channel, count } of drops) {
      dropped.set(channel, (dropped.get(channel) ?? 0) + count);
    }
    const open = new Set(channels);
    const all = new Set([...channels, ...this.#traffic.sums.keys(), ...dropped.keys()]);
    let shown = 0;
    for (const channel of all) {
      if (shown === channelsShownMax) return;
      shown += 1;
      const { waiting, ...sum } = this.#traffic.sums.get(channel) ?? noSums();
      const away = awaited.filter((each) => each.channel === channel);
      yield {
        key: String(channel),
        channel,
        isOpen: open.has(channel),
        isConsumed: open.has(channel) && !unconsumed.has(channel),
        ...sum,
        dropped: dropped.get(channel) ?? 0,
        waiting: away.reduce((all, { sends }) => all + sends, waiting),
      };
    }
  }
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
