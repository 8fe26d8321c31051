import type { Direction, PeerSnapshot, PortSnapshot } from '../index.ts';
import { laneRow } from './lane-rows.ts';
import type { BusyLane } from './stalls.ts';
import { type LaneRow, lanesShownMax } from './view.ts';

/** What was carried, in messages and bytes. */
export interface Totals {
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
}

/** What a channel has carried, also on connections that have ended, and what it holds. */
export interface Sums extends Totals {
  /** Connected peers that have it. */
  peers: number;
  queued: number;
  waiting: number;
}

/** What a connection has carried, and what waits in and in front of its lanes. */
export interface PeerTraffic extends Totals {
  waiting: number;
}

const noTotals = (): Totals => ({ messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 });
/** Nothing carried, and nothing held. */
export const noSums = (): Sums => ({ ...noTotals(), peers: 0, queued: 0, waiting: 0 });
/** Nothing carried, and nothing that waits. */
export const noTraffic = (): PeerTraffic => ({ ...noTotals(), waiting: 0 });

/** A connection, as it was when it was last looked at. */
interface Seen {
  readonly id: string;
  readonly name: string;
  readonly upSinceMs: number;
  /** One that has not changed since is the same object in the next snapshot. */
  ports: readonly PortSnapshot[];
  readonly traffic: PeerTraffic;
  /** Ports of channels that have been closed: their counts go on when they are opened again. */
  readonly closed: Map<number, PortSnapshot>;
}

const directions = ['inbound', 'outbound'] as const;
/** Whether a lane has something in it or in front of it. */
const busyIn = {
  inbound: ({ inbound }: PortSnapshot): boolean => inbound.depth > 0,
  outbound: ({ outbound }: PortSnapshot): boolean => outbound.depth > 0 || outbound.waiting > 0,
};
const isSamePort = (one: PortSnapshot, other: PortSnapshot | undefined): boolean =>
  one === other || one.channel === other?.channel;

/**
 * What peers and channels carry, from one snapshot to the next. A port that has not changed costs
 * no more than a look: of thousands, few change in a tenth of a second.
 */
export class Traffic {
  /** By channel. */
  readonly sums: Map<number, Sums> = new Map<number, Sums>();
  /** How many lanes there are. */
  lanes = 0;
  #seen = new Map<string, Seen>();
  readonly #busy = new Map<string, Omit<BusyLane, 'isConsumed'>>();
  /** Of idle lanes. */
  readonly #rows = {
    inbound: new WeakMap<PortSnapshot, LaneRow>(),
    outbound: new WeakMap<PortSnapshot, LaneRow>(),
  };

  /** Looks at the peers that are up now. */
  look(peers: readonly PeerSnapshot[]): void {
    const now = new Map<string, Seen>();
    this.lanes = 0;
    for (const peer of peers) {
      const before = this.#seen.get(peer.id);
      const isSame = before?.upSinceMs === peer.upSinceMs;
      if (before !== undefined && !isSame) this.#follow(before, []);
      const seen = before !== undefined && isSame ? before : newlySeen(peer);
      this.#follow(seen, peer.channels);
      now.set(peer.id, seen);
      this.lanes += 2 * peer.channels.length;
    }
    for (const [id, before] of this.#seen) if (!now.has(id)) this.#follow(before, []);
    this.#seen = now;
  }

  /** What the connection of a peer that is up has carried. */
  of(peer: string): PeerTraffic | undefined {
    return this.#seen.get(peer)?.traffic;
  }

  /** The lanes that have something in them or in front of them. */
  busy(unconsumed: ReadonlySet<number>): readonly BusyLane[] {
    return Array.from(this.#busy.values(), (lane) => ({
      ...lane,
      isConsumed: !unconsumed.has(lane.port.channel),
    }));
  }

  /** Some of the others, as rows. */
  idle(): readonly LaneRow[] {
    const rows: LaneRow[] = [];
    for (const { id, ports } of this.#seen.values()) {
      for (const port of ports) {
        if (rows.length >= lanesShownMax) return rows;
        if (!busyIn.inbound(port)) rows.push(this.#idleRow(id, port, 'inbound'));
        if (!busyIn.outbound(port)) rows.push(this.#idleRow(id, port, 'outbound'));
      }
    }
    return rows;
  }

  #idleRow(peer: string, port: PortSnapshot, direction: Direction): LaneRow {
    const rows = this.#rows[direction];
    let row = rows.get(port);
    if (row === undefined) rows.set(port, (row = laneRow(peer, port, direction)));
    return row;
  }

  /** Goes on to what a connection's ports are now; none when it has ended. */
  #follow(seen: Seen, ports: readonly PortSnapshot[]): void {
    const before = seen.ports;
    if (before === ports) return;
    seen.ports = ports;
    const isRearranged =
      before.length !== ports.length || ports.some((port, i) => !isSamePort(port, before[i]));
    if (isRearranged) this.#rearrange(seen, before, ports);
    else ports.forEach((port, i) => port === before[i] || this.#change(seen, before[i], port));
  }

  #rearrange(seen: Seen, before: readonly PortSnapshot[], ports: readonly PortSnapshot[]): void {
    const old = new Map(before.map((port) => [port.channel, port]));
    for (const port of ports) {
      this.#change(seen, old.get(port.channel), port);
      old.delete(port.channel);
    }
    for (const port of old.values()) this.#change(seen, port, undefined);
  }

  /** A port has changed, was opened, or is gone. */
  #change(seen: Seen, before: PortSnapshot | undefined, now: PortSnapshot | undefined): void {
    const port = now ?? before;
    if (port === undefined) return;
    const { channel } = port;
    const { traffic, closed } = seen;
    let sum = this.sums.get(channel);
    if (sum === undefined) this.sums.set(channel, (sum = noSums()));
    if (before !== undefined) hold(sum, traffic, before, -1);
    if (now !== undefined) {
      hold(sum, traffic, now, 1);
      const base = before ?? closed.get(channel);
      count(sum, base, now);
      count(traffic, base, now);
      closed.delete(channel);
    } else {
      closed.set(channel, port);
    }
    for (const direction of directions) {
      const isBusy = now !== undefined && busyIn[direction](now);
      if (!isBusy && (before === undefined || !busyIn[direction](before))) continue;
      this.#mark(seen, port, direction, isBusy);
    }
  }

  #mark({ id, name }: Seen, port: PortSnapshot, direction: Direction, isBusy: boolean): void {
    const key = `${id}/${port.channel}/${direction}`;
    if (isBusy) this.#busy.set(key, { key, peer: id, name, port, direction });
    else this.#busy.delete(key);
  }
}

/** What people call a peer, with the start of its ID. */
export function nameFor(peer: string, moniker: string | undefined): string {
  const short = peer.slice(0, 8);
  return moniker === undefined || moniker === short ? short : `${moniker} (${short})`;
}

function newlySeen({ id, moniker, upSinceMs }: PeerSnapshot): Seen {
  const name = nameFor(id, moniker);
  return { id, name, upSinceMs, ports: [], traffic: noTraffic(), closed: new Map() };
}

/** Adds (1) what a port holds, or takes it away (-1). */
function hold(sum: Sums, traffic: PeerTraffic, port: PortSnapshot, sign: 1 | -1): void {
  const { outbound, inbound } = port;
  const queued = outbound.depth + inbound.depth;
  sum.peers += sign;
  sum.queued += sign * queued;
  sum.waiting += sign * outbound.waiting;
  traffic.waiting += sign * (queued + outbound.waiting);
}

/** Adds what a port has carried since it was `base`. */
function count(totals: Totals, base: PortSnapshot | undefined, now: PortSnapshot): void {
  totals.messagesIn += now.messagesIn - (base?.messagesIn ?? 0);
  totals.messagesOut += now.messagesOut - (base?.messagesOut ?? 0);
  totals.bytesIn += now.bytesIn - (base?.bytesIn ?? 0);
  totals.bytesOut += now.bytesOut - (base?.bytesOut ?? 0);
}
