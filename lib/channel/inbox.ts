import type { Clock } from '../flow/clock.ts';
import { bytesOf, Lane } from '../flow/lane.ts';
import { type Pace, paceOf } from '../flow/pace.ts';
import { laneBytesDefault, type LaneOptions, whenFull } from '../flow/strategy.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { Credit, Grant, Inbox } from '../session/channel-end.ts';
import type { CreditWindow } from './credit-window.ts';

/** What an inbox needs from its channel. */
export interface InboxOwner {
  readonly inbound: LaneOptions;
  /** The window that a peer starts with. */
  readonly window: CreditWindow;
  readonly clock: Clock;
  /** Hands a message to the consumers, and returns true, if they are ready for it now. */
  handOver(from: NodeId, bytes: Uint8Array): boolean;
  /** The inbox has a message for the next round. */
  queue(inbox: PeerInbox): void;
  /** A message is waiting. */
  mayStall(): void;
  /** Messages were dropped: by the strategy of the lane, or because the peer is muted. */
  dropped(from: NodeId, reason: DropReason, count: number): void;
  /** The inbox is empty and its peer has disconnected. */
  forget(inbox: PeerInbox): void;
  /** The peer has disconnected, and messages from it still wait. */
  departed(inbox: PeerInbox): void;
}

/**
 * Holds one peer's messages for the consumers of one channel. With a `block` lane the peer gets
 * credit back as messages are consumed, so the lane never overflows. With the other strategies it
 * gets credit back as they arrive, and the lane decides which to keep.
 *
 * An inbox outlives the connection of its peer until the waiting messages have been delivered.
 */
export class PeerInbox implements Inbox {
  readonly peer: NodeId;
  /** Whether it is in the channel's round. */
  queued = false;
  /** Grows whenever messages leave the lane. */
  moves = 0;
  /** Called once, when a message leaves the lane or the lane is discarded. */
  onMove: (() => void) | undefined;
  readonly #owner: InboxOwner;
  readonly #lane: Lane<Uint8Array>;
  /** Whether credit is returned as messages are consumed; otherwise, as they arrive. */
  readonly #waits: boolean;
  readonly #pace: Pace | undefined;
  #window: CreditWindow;
  /**
   * Of the sessions that have joined: one, or two while both connections of a simultaneous dial
   * exist.
   */
  #grants: readonly Grant[] = [];
  /** Messages consumed since credit was last returned, and their bytes. */
  #spent = 0;
  #spentBytes = 0;
  #held = true;
  #isMuted = false;

  /** @param granted credit that the peer still has from when the channel was open before */
  constructor(peer: NodeId, owner: InboxOwner, granted: Credit) {
    const { strategy, capacity, bytes = laneBytesDefault } = owner.inbound;
    this.#waits = whenFull[strategy] === 'waits';
    this.peer = peer;
    this.#owner = owner;
    this.#window = owner.window;
    // A reopened channel must still honour the credit it granted earlier, so the lane may exceed
    // its option.
    const promised = this.#waits ? granted : { messages: 0, bytes: 0 };
    const places = Math.max(capacity, promised.messages);
    const lane = { strategy, capacity: places, bytes: Math.max(bytes, promised.bytes) };
    this.#lane = new Lane(lane, bytesOf);
    this.#pace = paceOf(owner.inbound, owner.clock, () => this.#queue());
  }

  get depth(): number {
    return this.#lane.size;
  }

  get depthBytes(): number {
    return this.#lane.sizeBytes;
  }

  get capacity(): number {
    return this.#lane.capacity;
  }

  get capacityBytes(): number {
    return this.#lane.capacityBytes;
  }

  get room(): number {
    const { messages } = this.#window;
    return this.#waits ? messages - this.#lane.size : messages;
  }

  get roomBytes(): number {
    const { bytes } = this.#window;
    return this.#waits ? bytes - this.#lane.sizeBytes : bytes;
  }

  get isNarrow(): boolean {
    return this.#window.isNarrow;
  }

  widen(): void {
    this.#window = this.#window.wider;
  }

  get connected(): boolean {
    return this.#grants.length > 0;
  }

  /** Whether a message is waiting and may be delivered now. */
  isDue(): boolean {
    return this.#passes() && this.#lane.size > 0;
  }

  /** False until the peer is up, and while the pace of the lane holds messages back. */
  #passes(): boolean {
    return !this.#held && this.#pace?.open !== false;
  }

  /**
   * Adds a connection of the peer. `grant` is called for consumed messages unless an earlier
   * connection still exists.
   */
  connect(grant: Grant): void {
    if (!this.connected) this.#held = true;
    this.#grants = [...this.#grants, grant];
  }

  release(): void {
    this.#held = false;
    this.#queue();
  }

  receive(bytes: Uint8Array, owned: boolean): boolean {
    const isNext = this.#lane.size === 0 && this.#passes() && !this.#isMuted;
    if (!isNext || !this.#owner.handOver(this.peer, bytes)) return this.#keep(bytes, owned);
    this.#pace?.spend(bytes.length);
    this.#giveBack(bytes);
    return true;
  }

  /** Lets a message wait in the lane. Returns false if it must not overflow, and does. */
  #keep(bytes: Uint8Array, owned: boolean): boolean {
    if (this.#isMuted) {
      this.#owner.dropped(this.peer, 'decode-failed', 1);
      this.#giveBack(bytes);
      return true;
    }
    const offered = this.#lane.offer(owned ? bytes : bytes.slice());
    if (offered === 'full' || offered === 'overflow') return false;
    if (offered === 'displaced') {
      this.#owner.dropped(this.peer, 'lane-full', this.#lane.displaced);
    } else if (offered === 'rejected') this.#owner.dropped(this.peer, 'lane-full', 1);
    if (!this.#waits) this.#giveBack(bytes);
    this.#owner.mayStall();
    this.#queue();
    return true;
  }

  /** Removes and returns the oldest message, which counts as consumed. */
  take(): Uint8Array | undefined {
    const bytes = this.#lane.take();
    if (bytes === undefined) return undefined;
    this.#moved();
    this.#pace?.spend(bytes.length);
    if (this.#waits) this.#giveBack(bytes);
    if (this.#lane.size === 0 && !this.connected) this.#forget();
    return bytes;
  }

  grantsBy(grant: Grant): boolean {
    return this.#grants[0] === grant;
  }

  leave(grant: Grant): void {
    const granted = this.grantsBy(grant);
    this.#grants = this.#grants.filter((each) => each !== grant);
    if (this.connected) {
      // The remaining connection now grants what the other one did.
      if (granted) this.#grants[0]?.();
      return;
    }
    this.release();
    // A consumer may have let the peer reconnect.
    if (this.#grants.length > 0) return;
    if (this.#lane.size === 0) this.#forget();
    else this.#owner.departed(this);
  }

  /** Drops everything. Returns how many messages were dropped. */
  clear(): number {
    this.#pace?.stop();
    const count = this.#lane.clear();
    if (count > 0) this.#moved();
    return count;
  }

  /**
   * Drops what is waiting and, for as long as the connection lasts, what arrives: none of it is
   * worth decoding. Credit is still returned, so that a peer that nobody disconnects does not hang.
   * Returns how many messages were waiting.
   */
  mute(): number {
    this.#isMuted = true;
    const count = this.clear();
    if (!this.connected) this.#forget();
    else if (count > 0) this.#grant();
    return count;
  }

  #moved(): void {
    this.moves += 1;
    const moved = this.onMove;
    this.onMove = undefined;
    moved?.();
  }

  #queue(): void {
    if (this.isDue()) this.#owner.queue(this);
  }

  #forget(): void {
    this.#pace?.stop();
    this.#owner.forget(this);
  }

  #giveBack(message: Uint8Array): void {
    this.#spent += 1;
    this.#spentBytes += message.length;
    const { grantMessages, grantBytes } = this.#window;
    if (this.#spent >= grantMessages || this.#spentBytes >= grantBytes) this.#grant();
  }

  #grant(): void {
    this.#spent = 0;
    this.#spentBytes = 0;
    this.#grants[0]?.();
  }
}
