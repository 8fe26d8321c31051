import type { DropReason, PeerRecord, RouterLike, RouterSnapshot } from '../index.ts';
import { type Table, tableOf } from './changes.ts';
import { laneRows } from './lane-rows.ts';
import { PeerRows } from './peer-rows.ts';
import { StallWatch } from './stalls.ts';
import { nameFor, noSums, Traffic } from './traffic.ts';
import type { ChannelRow, DropRow, LaneRow, NodeRow, PeerRow, StallRow, Tables } from './view.ts';

/** How many channels, and how many rows of drops. */
const channelsShownMax = 200;
/** How old the records of peers may be: a large node knows thousands. */
const recordsMaxAgeMs = 500;

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
  readonly #peers: PeerRows;
  readonly #stalls = new StallWatch();
  readonly #traffic = new Traffic();
  #tables = noTables;
  #records: readonly PeerRecord[] = [];
  /** When they were read. */
  #recordsMs = -Infinity;

  /** @param problemOf why the last dial of a peer failed */
  constructor(
    router: InspectedRouter,
    mayControl: boolean,
    problemOf: (peer: string) => string | undefined,
  ) {
    this.#router = router;
    this.#mayControl = mayControl;
    this.#peers = new PeerRows(problemOf);
  }

  /** The records of peers have changed. */
  peersChanged(): void {
    this.#recordsMs = -Infinity;
  }

  take(atMs: number): Sample {
    const snapshot = this.#router.snapshot();
    const records = this.#recordsAt(atMs);
    const up = new Map(snapshot.peers.map((peer) => [String(peer.id), peer] as const));
    const unconsumed = new Set(snapshot.unconsumed);
    this.#traffic.look(snapshot.peers);
    const busy = this.#traffic.busy(unconsumed);
    const nameOf = (peer: string): string =>
      nameFor(peer, up.get(peer)?.moniker ?? peers.get(peer)?.moniker);
    const { peers, channels, drops, stalls } = this.#tables;
    this.#tables = {
      peers: this.#peers.look(records, up, (peer) => this.#traffic.of(peer)),
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

  #recordsAt(atMs: number): readonly PeerRecord[] {
    if (atMs - this.#recordsMs < recordsMaxAgeMs) return this.#records;
    this.#recordsMs = atMs;
    this.#records = this.#router.peers.list();
    return this.#records;
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
    const away = new Map<number, number>();
    for (const { channel, sends } of awaited) away.set(channel, (away.get(channel) ?? 0) + sends);
    let shown = 0;
    for (const channel of all) {
      if (shown === channelsShownMax) return;
      shown += 1;
      const sum = this.#traffic.sums.get(channel) ?? noSums();
      yield {
        key: String(channel),
        channel,
        isOpen: open.has(channel),
        isConsumed: open.has(channel) && !unconsumed.has(channel),
        peers: sum.peers,
        messagesIn: sum.messagesIn,
        messagesOut: sum.messagesOut,
        bytesIn: sum.bytesIn,
        bytesOut: sum.bytesOut,
        queued: sum.queued,
        dropped: dropped.get(channel) ?? 0,
        waiting: sum.waiting + (away.get(channel) ?? 0),
      };
    }
  }
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
