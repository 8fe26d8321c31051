import type { EventRow, NodeRow, PeerRow, Row, Tables, Update } from '../view.ts';
import { ChannelHistory, Series } from './history.ts';

/** How many events the page keeps. */
const eventsMax = 2_000;

/** How the page and its inspector are connected. */
export type LinkState =
  | { readonly name: 'connecting' }
  | { readonly name: 'live' }
  | { readonly name: 'lost'; readonly why: string }
  | { readonly name: 'refused'; readonly why: string };

type Maps = { readonly [T in keyof Tables]: Map<string, Tables[T]> };

interface Totals {
  readonly in: number;
  readonly out: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly dropped: number;
}

/** Everything that the page knows. Changed by updates; drawn afterwards. */
export class Model {
  link: LinkState = { name: 'connecting' };
  node: NodeRow | undefined;
  /** The time of the last update, on the node's clock, and on the page's. */
  atMs = 0;
  gotMs = 0;
  everyMs = 0;
  missed = 0;
  readonly tables: Maps = {
    peers: new Map(),
    channels: new Map(),
    lanes: new Map(),
    stalls: new Map(),
    drops: new Map(),
  };
  events: readonly EventRow[] = [];
  readonly histories = new Map<string, ChannelHistory>();
  readonly rates = {
    in: new Series(),
    out: new Series(),
    bytesIn: new Series(),
    bytesOut: new Series(),
    dropped: new Series(),
  };
  readonly roundTrips = new Map<string, Series>();
  #second: { readonly atMs: number; readonly totals: Totals } | undefined;

  /** A new watch has begun: everything comes anew. */
  reset(): void {
    for (const table of Object.values(this.tables)) table.clear();
    this.events = [];
    this.missed = 0;
    this.#second = undefined;
  }

  apply(update: Update, gotMs: number): void {
    const { atMs, everyMs, node, tables } = update;
    const isFirst = this.#second === undefined;
    if (node !== undefined) this.node = node;
    for (const row of tables.channels?.set ?? []) {
      const before = this.tables.channels.get(row.key);
      if (before === undefined) continue;
      let history = this.histories.get(row.key);
      if (history === undefined) this.histories.set(row.key, (history = new ChannelHistory()));
      history.add(atMs, before, row);
    }
    change(this.tables.peers, tables.peers);
    change(this.tables.channels, tables.channels);
    change(this.tables.lanes, tables.lanes);
    change(this.tables.stalls, tables.stalls);
    change(this.tables.drops, tables.drops);
    this.missed += update.missed;
    if (update.events.length > 0) {
      this.events = [...this.events, ...update.events].slice(-eventsMax);
    }
    this.atMs = atMs;
    this.gotMs = gotMs;
    this.everyMs = everyMs;
    if (isFirst || atMs - (this.#second?.atMs ?? 0) >= 1_000) this.#tick(atMs);
  }

  /** The node's clock now, as far as the page can tell. */
  nowMs(pageMs: number): number {
    return this.atMs === 0 ? 0 : this.atMs + Math.min(5_000, Math.max(0, pageMs - this.gotMs));
  }

  peerName(id: string): string {
    return nameOf(id, this.tables.peers.get(id));
  }

  #tick(atMs: number): void {
    const totals = { in: 0, out: 0, bytesIn: 0, bytesOut: 0, dropped: 0 };
    for (const row of this.tables.channels.values()) {
      totals.in += row.messagesIn;
      totals.out += row.messagesOut;
      totals.bytesIn += row.bytesIn;
      totals.bytesOut += row.bytesOut;
      totals.dropped += row.dropped;
    }
    const before = this.#second;
    this.#second = { atMs, totals };
    if (before !== undefined) {
      const seconds = (atMs - before.atMs) / 1_000;
      for (const name of ['in', 'out', 'bytesIn', 'bytesOut', 'dropped'] as const) {
        this.rates[name].add(Math.max(0, totals[name] - before.totals[name]) / seconds);
      }
    }
    for (const id of this.roundTrips.keys()) {
      if (this.tables.peers.get(id)?.state !== 'up') this.roundTrips.delete(id);
    }
    for (const { key, roundTripMs } of this.tables.peers.values()) {
      if (roundTripMs === undefined) continue;
      let series = this.roundTrips.get(key);
      if (series === undefined) this.roundTrips.set(key, (series = new Series()));
      series.add(roundTripMs);
    }
  }
}

function change<R extends Row>(
  table: Map<string, R>,
  changes: { readonly set: readonly R[]; readonly gone: readonly string[] } | undefined,
): void {
  for (const row of changes?.set ?? []) table.set(row.key, row);
  for (const key of changes?.gone ?? []) table.delete(key);
}

/** What people call a peer: its moniker if it has one of its own, else the start of its ID. */
export function nameOf(id: string, peer: PeerRow | undefined): string {
  const short = id.slice(0, 8);
  return peer?.moniker === undefined || peer.moniker === short ? short : peer.moniker;
}
