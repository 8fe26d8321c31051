import type { Clock } from '../flow/clock.ts';
import { formatNodeAddress, type NodeAddress } from '../model/address.ts';
import type { Direction } from '../model/direction.ts';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { RxmeshError } from '../model/error.ts';
import type { RouterEvent } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';

/** How long a place is not reported again, in milliseconds. */
const repeatMs = 60_000;
/**
 * For how long a peer must refuse this node as connected already before that means a second node
 * with the same key, in milliseconds. Longer than a peer keeps a connection of ours that is dead.
 */
const refusedMs = 30_000;
/** The most places that are remembered. */
const placesMax = 1_000;

/** Where a node with this node's key was met. */
export interface Meeting {
  readonly direction: Direction;
  readonly address?: NodeAddress;
  readonly remote?: Endpoint;
  readonly error: RxmeshError;
}

/** Finds out that a second node runs with this node's key, and reports it. */
export class SecondSelf {
  readonly #clock: Clock;
  readonly #report: (event: RouterEvent) => void;
  /** When each place was reported last. */
  readonly #reported = new Map<string, number>();
  /** Since when each peer has refused this node as connected already. */
  readonly #refusedSince = new Map<NodeId, number>();

  constructor(clock: Clock, report: (event: RouterEvent) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** A connection has failed: with `RXMESH_SELF_CONNECTION` if the other side has our key. */
  failed(meeting: Meeting): void {
    if (meeting.error.code === 'RXMESH_SELF_CONNECTION') this.#met(meeting);
  }

  /**
   * A peer at an address has refused this node as connected already, while this node has no
   * connection to it. That may be an old connection which the peer still believes in, so it counts
   * only if it goes on.
   */
  refusedAsDuplicate(peer: NodeId, meeting: Meeting): void {
    const nowMs = this.#clock.now();
    const sinceMs = this.#refusedSince.get(peer);
    if (sinceMs === undefined) {
      remember(this.#refusedSince, peer, nowMs);
    } else if (nowMs - sinceMs >= refusedMs) this.#met(meeting);
  }

  /** A peer is up, so it has no connection to another node with our key. */
  up(peer: NodeId): void {
    this.#refusedSince.delete(peer);
  }

  #met(meeting: Meeting): void {
    const { address, remote } = meeting;
    // Without the port: each of its connections has another one.
    const place = address === undefined ? placeOf(remote) : formatNodeAddress(address);
    const nowMs = this.#clock.now();
    if (nowMs - (this.#reported.get(place) ?? -Infinity) < repeatMs) return;
    this.#reported.delete(place);
    remember(this.#reported, place, nowMs);
    this.#report({ type: 'identity-in-use', ...meeting });
  }
}

function placeOf(remote: Endpoint | undefined): string {
  return remote === undefined ? '' : (remote.ip ?? formatEndpoint(remote));
}

/** Adds an entry; beyond the bound, the oldest one goes. */
function remember<K>(times: Map<K, number>, key: K, nowMs: number): void {
  times.set(key, nowMs);
  if (times.size <= placesMax) return;
  const [oldest] = times.keys();
  if (oldest !== undefined) times.delete(oldest);
}
