import type { Endpoint } from '../model/endpoint.ts';
import { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import { parseIpRange, rangeHas, type IpRange } from '../model/ip-range.ts';
import type { Ban, CheckedBanned } from './ban.ts';
import { Bans } from './bans.ts';
import type { Evictions } from './evictions.ts';
import { IpBans } from './ip-bans.ts';
import { LastIps } from './last-ips.ts';
import type { Roster } from './roster.ts';
import type { Unsaved } from './store/unsaved.ts';

/** The bans, by node ID and by IP address, and when each ends. */
export class BanList {
  readonly #roster: Roster;
  readonly #evictions: Evictions;
  readonly #ids: Bans<NodeId>;
  readonly #ips: IpBans;
  readonly #lastIps = new LastIps();

  /**
   * @param capacity the most IDs that can be banned
   * @param unsaved notified of the IDs and ranges whose bans change
   */
  constructor(capacity: () => number, roster: Roster, evictions: Evictions, unsaved?: Unsaved) {
    this.#roster = roster;
    this.#evictions = evictions;
    this.#ids = new Bans<NodeId>(capacity, unsaved);
    this.#ips = new IpBans(unsaved);
  }

  /** Bans a peer or a range, and evicts the peers concerned if they are connected. */
  ban(banned: CheckedBanned, untilMs: number): void {
    if ('range' in banned) {
      this.#banRange(banned.range, untilMs);
      return;
    }
    this.refuse(banned.id, untilMs);
    const peer = this.#roster.get(banned.id);
    if (peer !== undefined) this.#evictions.evict(peer, bannedError('the peer is banned', peer.id));
  }

  /** Bans a peer without evicting it. */
  refuse(id: NodeId, untilMs: number): void {
    const lifted = this.#ids.add(id, untilMs);
    this.#changed(id);
    if (lifted !== undefined) this.#changed(lifted);
  }

  /** Remembers where a peer was connected from. */
  left(id: NodeId, ip: string): void {
    this.#lastIps.left(id, ip);
  }

  /** Bans the hosts from which a peer is connected, or else the one that it has left from. */
  banHosts(id: NodeId, untilMs: number): void {
    const ips = new Set(this.#roster.get(id)?.ips.values());
    const last = this.#lastIps.of(id);
    if (ips.size === 0 && last !== undefined) ips.add(last);
    for (const ip of ips) {
      const range = parseIpRange(ip);
      if (range !== undefined) this.#banRange(range, untilMs);
    }
  }

  /** Ends a ban; false if there was none. */
  unban(banned: CheckedBanned): boolean {
    if ('range' in banned) return this.#ips.lift(banned.range);
    const wasBanned = this.#ids.lift(banned.id);
    this.#changed(banned.id);
    return wasBanned;
  }

  /** When the ban of a peer ends or ended; 0 without a ban. */
  until(id: NodeId): number {
    return this.#ids.until(id);
  }

  /** When the ban of a range, given as text, ends or ended; 0 without a ban. */
  untilOfRange(range: string): number {
    return this.#ips.until(range);
  }

  isIpBanned(ip: string, nowMs: number): boolean {
    return this.#ips.isBanned(ip, nowMs);
  }

  /** @throws {RxmeshError} `RXMESH_PEER_BANNED`: the peer or its IP address is banned */
  check(id: NodeId, remote: Endpoint | undefined, nowMs: number): void {
    if (this.#ids.isBanned(id, nowMs)) throw bannedError('the peer is banned', id);
    const ip = remote?.ip;
    // The address may have been banned during the handshake.
    if (ip !== undefined && this.isIpBanned(ip, nowMs)) throw bannedError(`${ip} is banned`, id);
  }

  /** The bans that have not ended, with the remaining time of each. */
  entries(nowMs: number): readonly Ban[] {
    const ids = this.#ids.entries(nowMs).map(([id, untilMs]) => ({ id, forMs: untilMs - nowMs }));
    const ips = this.#ips.entries(nowMs).map(([ip, untilMs]) => ({ ip, forMs: untilMs - nowMs }));
    return [...ids, ...ips];
  }

  #banRange(range: IpRange, untilMs: number): void {
    this.#ips.add(range, untilMs);
    for (const peer of this.#roster.connected) {
      for (const ip of peer.ips.values()) {
        if (rangeHas(range, ip))
          this.#evictions.evict(peer, bannedError(`${ip} is banned`, peer.id));
      }
    }
  }

  #changed(id: NodeId): void {
    const peer = this.#roster.get(id);
    if (peer === undefined) return;
    peer.bannedUntilMs = this.#ids.until(id);
    this.#roster.changed(peer);
  }
}

function bannedError(text: string, peer: NodeId): RxmeshError {
  return new RxmeshError('RXMESH_PEER_BANNED', text, { peer });
}
