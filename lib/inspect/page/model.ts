import type { LinkState } from '../link.ts';
import { Picture } from '../picture.ts';
import type { ChannelRow, EventRow, Update } from '../view.ts';
import { ChannelHistory, Series } from './history.ts';

/** How many events the page keeps. */
const eventsMax = 2_000;

interface Totals {
  readonly in: number;
  readonly out: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly dropped: number;
}

/** Everything that the page knows. Changed by updates; drawn afterwards. */
export class Model extends Picture {
  link: LinkState = { name: 'connecting' };
  /** The time of the last update, on the page's clock. */
  gotMs = 0;
  everyMs = 0;
  missed = 0;
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
    this.clear();
    this.events = [];
    this.missed = 0;
    this.#second = undefined;
  }

  apply(update: Update, gotMs: number): void {
    const { atMs, everyMs } = update;
    const isFirst = this.#second === undefined;
    const before = new Map(this.tables.channels);
    this.change(update);
    for (const row of this.tables.channels.values()) this.#record(atMs, before.get(row.key), row);
    this.missed += update.missed;
    if (update.events.length > 0) {
      this.events = [...this.events, ...update.events].slice(-eventsMax);
    }
    this.gotMs = gotMs;
    this.everyMs = everyMs;
    if (isFirst || atMs - (this.#second?.atMs ?? 0) >= 1_000) this.#tick(atMs);
  }

  /** The node's clock now, as far as the page can tell. */
  nowMs(pageMs: number): number {
    return this.atMs === 0 ? 0 : this.atMs + Math.min(5_000, Math.max(0, pageMs - this.gotMs));
  }

  #record(atMs: number, before: ChannelRow | undefined, now: ChannelRow): void {
    if (before === undefined || before === now) return;
    let history = this.histories.get(now.key);
    if (history === undefined) this.histories.set(now.key, (history = new ChannelHistory()));
    history.add(atMs, before, now);
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
