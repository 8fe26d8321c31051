import type { Clock } from '../flow/clock.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { hostOf } from './host.ts';

/**
 * How long a peer has for its proof before it may be displaced, in milliseconds. It keeps its place
 * after that until the place is needed.
 */
const dueMs = 500;

const advice = 'if these peers are honest, raise the limit';

/** Options of a `HalfOpen`. */
export interface HalfOpenOptions {
  readonly countMax: number;
  readonly perHostMax: number;
  readonly clock: Clock;
}

/** The place of a peer that still has something to prove. */
export class Place {
  readonly host: string;
  readonly sinceMs: number;
  /** Called when the place is given to another peer. */
  onDisplaced: (() => void) | undefined;

  constructor(host: string, sinceMs: number) {
    this.host = host;
    this.sinceMs = sinceMs;
  }
}

/**
 * Places for peers that have connected but are not established yet. When all are taken, newcomers
 * displace idlers: from the host with the most places, the peer that has waited longest, once its
 * proof is due. Bytes that prove nothing buy no time.
 */
export class HalfOpen {
  readonly #options: HalfOpenOptions;
  /** By host, in order of arrival. No set is empty. */
  readonly #hosts = new Map<string, Set<Place>>();
  #count = 0;

  constructor(options: HalfOpenOptions) {
    this.#options = options;
  }

  /** Takes a place for a peer at `remote`. Returns a string with the reason if there is none. */
  enter(remote: Endpoint): Place | string {
    const { countMax, perHostMax, clock } = this.#options;
    const host = hostOf(remote);
    const nowMs = clock.now();
    if (host !== undefined && this.#sizeOf(host) >= perHostMax) {
      const oldest = this.#oldest(host, nowMs);
      if (oldest === undefined) {
        return `more than ${perHostMax} handshakes with ${host} at a time: ${advice}`;
      }
      this.#displace(oldest);
    } else if (this.#count >= countMax && !this.makeRoom()) {
      return `more than ${countMax} handshakes at a time: ${advice}`;
    }
    const place = new Place(host ?? '', nowMs);
    const places = this.#hosts.get(place.host) ?? new Set();
    this.#hosts.set(place.host, places.add(place));
    this.#count += 1;
    return place;
  }

  /** Displaces an idler of the host with the most places. Returns false if there is none. */
  makeRoom(): boolean {
    const nowMs = this.#options.clock.now();
    let found: Place | undefined;
    for (const host of this.#hosts.keys()) {
      const oldest = this.#oldest(host, nowMs);
      if (oldest === undefined) continue;
      const more = this.#sizeOf(host) - (found === undefined ? 0 : this.#sizeOf(found.host));
      if (more > 0 || (more === 0 && oldest.sinceMs < (found?.sinceMs ?? 0))) found = oldest;
    }
    if (found === undefined) return false;
    this.#displace(found);
    return true;
  }

  /** Releases a place. Calling it again does nothing. */
  leave(place: Place): void {
    const places = this.#hosts.get(place.host);
    if (places?.delete(place) !== true) return;
    this.#count -= 1;
    // Forget hosts without places: there is no limit to how many hosts may come and go.
    if (places.size === 0) this.#hosts.delete(place.host);
  }

  #displace(place: Place): void {
    this.leave(place);
    place.onDisplaced?.();
  }

  /** The oldest place of a host, if its proof is due. */
  #oldest(host: string, nowMs: number): Place | undefined {
    const [oldest] = this.#hosts.get(host) ?? [];
    return oldest !== undefined && nowMs - oldest.sinceMs >= dueMs ? oldest : undefined;
  }

  #sizeOf(host: string): number {
    return this.#hosts.get(host)?.size ?? 0;
  }
}
