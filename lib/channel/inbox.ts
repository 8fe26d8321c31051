import { Lane } from '../flow/lane.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { NodeId } from '../model/id.ts';
import type { Grant, Inbox } from '../session/channel-end.ts';

/**
 * Messages that a peer may have under way to a lane that drops, at least: with a window of its capacity
 * a small lane, `latest()` above all, would get so few messages a round trip.
 */
const lossyWindowMin = 64;

/** What an inbox asks of its channel. */
export interface InboxOwner {
  readonly inbound: LaneOptions;
  /** Hands a message to the consumers now, if there are any and nothing waits before it. */
  handOver(from: NodeId, bytes: Uint8Array): boolean;
  /** The inbox has a message for the next round. */
  queue(inbox: PeerInbox): void;
  dropped(from: NodeId): void;
  /** Nothing waits in the inbox, and its peer is gone. */
  forget(inbox: PeerInbox): void;
  /** The inbox's peer is gone, and messages of it still wait. */
  departed(inbox: PeerInbox): void;
}

/**
 * Where messages of one peer wait for the consumers of one channel. In a `block` lane the peer gets
 * credit back as they are consumed, so that the lane never overflows; with the other strategies it
 * gets credit back as they arrive, and the lane decides what stays.
 *
 * It outlives its peer's connection until what waits has been delivered.
 */
export class PeerInbox implements Inbox {
  readonly peer: NodeId;
  /** Whether it stands in the channel's round. */
  queued = false;
  readonly #owner: InboxOwner;
  readonly #lane: Lane<Uint8Array>;
  readonly #grantAt: number;
  /** Of the sessions that have joined: one, or two while both links of a simultaneous connect stand. */
  #grants: readonly Grant[] = [];
  /** Messages that were consumed since the sessions were told. */
  #spent = 0;
  #held = true;

  /** @param granted credit that the peer has already, from an earlier time of the channel */
  constructor(peer: NodeId, owner: InboxOwner, granted: number) {
    const { strategy, capacity } = owner.inbound;
    this.peer = peer;
    this.#owner = owner;
    // Who opens a channel again with a smaller lane has promised places for more.
    const places = strategy === 'block' ? Math.max(capacity, granted) : capacity;
    this.#lane = new Lane({ strategy, capacity: places });
    // A quarter of the window at a time: few credit packets, and the peer never runs dry meanwhile.
    this.#grantAt = Math.max(1, windowOf(owner.inbound) >> 2);
  }

  get depth(): number {
    return this.#lane.size;
  }

  get capacity(): number {
    return this.#lane.capacity;
  }

  get room(): number {
    const { inbound } = this.#owner;
    return inbound.strategy === 'block' ? inbound.capacity - this.#lane.size : windowOf(inbound);
  }

  get connected(): boolean {
    return this.#grants.length > 0;
  }

  /** Whether what waits is not for the consumers yet. */
  get held(): boolean {
    return this.#held;
  }

  /** The peer is connected (again): from now on `grant` hears of what is consumed, too. */
  connect(grant: Grant): void {
    if (!this.connected) this.#held = true;
    this.#grants = [...this.#grants, grant];
  }

  release(): void {
    this.#held = false;
    if (this.#lane.size > 0) this.#owner.queue(this);
  }

  receive(bytes: Uint8Array, owned: boolean): boolean {
    if (!this.#held && this.#lane.size === 0 && this.#owner.handOver(this.peer, bytes)) {
      this.#giveBack();
      return true;
    }
    const offered = this.#lane.offer(owned ? bytes : bytes.slice());
    if (offered === 'full' || offered === 'overflow') return false;
    if (offered !== 'taken') this.#owner.dropped(this.peer);
    if (this.#lane.strategy !== 'block') this.#giveBack();
    if (!this.#held) this.#owner.queue(this);
    return true;
  }

  /** The message that has waited longest, which is consumed by that. */
  take(): Uint8Array | undefined {
    const bytes = this.#lane.take();
    if (bytes !== undefined && this.#lane.strategy === 'block') this.#giveBack();
    if (this.#lane.size === 0 && !this.connected) this.#owner.forget(this);
    return bytes;
  }

  leave(grant: Grant): void {
    this.#grants = this.#grants.filter((each) => each !== grant);
    if (this.connected) return;
    this.release();
    // The consumers may have let the peer in again.
    if (this.#grants.length > 0) return;
    if (this.#lane.size === 0) this.#owner.forget(this);
    else this.#owner.departed(this);
  }

  /** Drops everything; returns how many messages that were. */
  clear(): number {
    return this.#lane.clear();
  }

  #giveBack(): void {
    this.#spent += 1;
    if (this.#spent < this.#grantAt) return;
    this.#spent = 0;
    for (const grant of this.#grants) grant();
  }
}

/** Credit that a peer has at first, in messages. */
function windowOf({ strategy, capacity }: LaneOptions): number {
  const drops = strategy !== 'block' && strategy !== 'fail';
  return drops ? Math.max(capacity, lossyWindowMin) : capacity;
}
