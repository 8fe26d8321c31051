import { change } from './changes.ts';
import type {
  ChannelRow,
  DropRow,
  LaneRow,
  NodeRow,
  PeerRow,
  StallKind,
  StallRow,
  Tables,
  Update,
} from './view.ts';

type Maps = { readonly [T in keyof Tables]: Map<string, Tables[T]> };

const stateOrder = { up: 0, dialing: 1, waiting: 2, down: 3 };
const kindOrder: Readonly<Record<StallKind, number>> = { stalled: 0, slow: 1, absent: 2 };

/** What people read for each kind of stall. */
export const stallTitles: Readonly<Record<StallKind, string>> = {
  stalled: 'Stalled',
  slow: 'Slow',
  absent: 'Waiting for a peer',
};

/** Sorts what stands still: the worst and longest first. */
export function worstFirst(a: StallRow, b: StallRow): number {
  return kindOrder[a.kind] - kindOrder[b.kind] || a.sinceMs - b.sinceMs;
}

/** A node as the updates of its inspector describe it, for whatever draws it. */
export class Picture {
  node: NodeRow | undefined;
  /** The time of the last update, on the node's clock. */
  atMs = 0;
  readonly tables: Maps = {
    peers: new Map(),
    channels: new Map(),
    lanes: new Map(),
    stalls: new Map(),
    drops: new Map(),
  };

  /** A new watch has begun: everything comes anew. */
  clear(): void {
    for (const table of Object.values(this.tables)) table.clear();
  }

  /** Takes what has changed. */
  change({ atMs, node, tables }: Update): void {
    if (node !== undefined) this.node = node;
    const { peers, channels, lanes, stalls, drops } = tables;
    if (peers !== undefined) change(this.tables.peers, peers);
    if (channels !== undefined) change(this.tables.channels, channels);
    if (lanes !== undefined) change(this.tables.lanes, lanes);
    if (stalls !== undefined) change(this.tables.stalls, stalls);
    if (drops !== undefined) change(this.tables.drops, drops);
    this.atMs = atMs;
  }

  /** What people call a peer. */
  peerName(id: string): string {
    return nameOf(id, this.tables.peers.get(id));
  }

  /** Those that are up first, then by name. */
  peers(): readonly PeerRow[] {
    return [...this.tables.peers.values()].sort(
      (a, b) =>
        stateOrder[a.state] - stateOrder[b.state] ||
        nameOf(a.key, a).localeCompare(nameOf(b.key, b)),
    );
  }

  /** By ID. */
  channels(): readonly ChannelRow[] {
    return [...this.tables.channels.values()].sort((a, b) => a.channel - b.channel);
  }

  /** By channel, peer and direction. */
  lanes(): readonly LaneRow[] {
    return [...this.tables.lanes.values()].sort(
      (a, b) =>
        a.channel - b.channel ||
        a.peer.localeCompare(b.peer) ||
        a.direction.localeCompare(b.direction),
    );
  }

  /** The lanes that hold messages, or that sends wait for. */
  busyLanes(): readonly LaneRow[] {
    return this.lanes().filter(({ depth, waiting }) => depth > 0 || waiting > 0);
  }

  /** The keys of the lanes that stand still. */
  stalledLanes(): ReadonlySet<string> {
    return new Set(this.#stalled().flatMap(({ lanes }) => lanes));
  }

  /** The IDs of the peers with such lanes. */
  stalledPeers(): ReadonlySet<string> {
    return new Set(this.#stalled().flatMap(({ peers }) => peers));
  }

  /** The channels with such lanes. */
  stalledChannels(): ReadonlySet<number> {
    return new Set(this.#stalled().map(({ channel }) => channel));
  }

  #stalled(): readonly StallRow[] {
    return [...this.tables.stalls.values()].filter(({ kind }) => kind === 'stalled');
  }

  /** The worst and longest first. */
  stalls(): readonly StallRow[] {
    return [...this.tables.stalls.values()].sort(worstFirst);
  }

  /** `to bob, cleo and 2 more`: the peers of a stall. Empty if any peer would do. */
  peersOf({ peers, lanes, direction }: StallRow): string {
    if (peers.length === 0) return '';
    const names = peers.map((peer) => this.peerName(peer)).join(', ');
    const rest = lanes.length - peers.length;
    const more = rest > 0 ? ` and ${rest} more` : '';
    return `${direction === 'inbound' ? 'from' : 'to'} ${names}${more}`;
  }

  /** The most first. */
  drops(): readonly DropRow[] {
    return [...this.tables.drops.values()].sort((a, b) => b.count - a.count);
  }
}

/** What people call a peer: its moniker if it has one of its own, else the start of its ID. */
export function nameOf(id: string, peer: PeerRow | undefined): string {
  const short = id.slice(0, 8);
  return peer?.moniker === undefined || peer.moniker === short ? short : peer.moniker;
}
