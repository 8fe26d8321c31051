import type { Clock } from '../flow/clock.ts';
import { bytesOf, Lane } from '../flow/lane.ts';
import { type Pace, paceOf } from '../flow/pace.ts';
import { laneBytesDefault, type LaneOptions, whenFull } from '../flow/strategy.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { Credit, Grant, Inbox } from '../session/channel-end.ts';
import type { CreditWindow } from './credit-window.ts';

/** What an inbox asks of its channel. */
export interface InboxOwner {
  readonly inbound: LaneOptions;
  /** The window with which a peer begins. */
  readonly window: CreditWindow;
  readonly clock: Clock;
  /** Hands a message to the consumers now, if there are any and nothing waits before it. */
  handOver(from: NodeId, bytes: Uint8Array): boolean;
  /** The inbox has a message for the next round. */
  queue(inbox: PeerInbox): void;
  /** A message waits. */
  mayStall(): void;
  /** So many messages were dropped: by the strategy of the lane, or unread. */
  dropped(from: NodeId, reason: DropReason, count: number): void;
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
  /** How many messages have left the lane. */
  moves = 0;
  /** Called once, when one does, or when the lane is no more. */
  onMove: (() => void) | undefined;
  readonly #owner: InboxOwner;
  readonly #lane: Lane<Uint8Array>;
  /** Whether credit goes back as messages are consumed; else as they arrive. */
  readonly #waits: boolean;
  readonly #pace: Pace | undefined;
  #window: CreditWindow;
  /**
   * Of the sessions that have joined: one, or two while both links of a simultaneous connect stand.
   */
  #grants: readonly Grant[] = [];
  /** Messages that were consumed since the sessions were told, and their bytes. */
  #spent = 0;
  #spentBytes = 0;
  #held = true;
  #isMuted = false;

  /** @param granted credit that the peer has already, from an earlier time of the channel */
  constructor(peer: NodeId, owner: InboxOwner, granted: Credit) {
    const { strategy, capacity, bytes = laneBytesDefault } = owner.inbound;
    this.#waits = whenFull[strategy] === 'waits';
    this.peer = peer;
    this.#owner = owner;
    this.#window = owner.window;
    // Who opens a channel again with a smaller lane has promised places for more.
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

  /** Whether a message waits for the consumers, and may go to them now. */
  isDue(): boolean {
    return this.#passes() && this.#lane.size > 0;
  }

  /** Its peer may not be up (again) yet, or its pace be a pause. */
  #passes(): boolean {
    return !this.#held && this.#pace?.open !== false;
  }

  /** The peer is connected (again): from now on `grant` hears of what is consumed, too. */
  connect(grant: Grant): void {
    if (!this.connected) this.#held = true;
    this.#grants = [...this.#grants, grant];
  }

  release(): void {
    this.#held = false;
    this.#queue();
  }

  receive(bytes: Uint8Array, owned: boolean): boolean {
    if (this.#isMuted) {
      this.#owner.dropped(this.peer, 'decode-failed', 1);
      this.#giveBack(bytes);
      return true;
    }
    if (this.#passes() && this.#lane.size === 0 && this.#owner.handOver(this.peer, bytes)) {
      this.#pace?.spend(bytes.length);
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

  /** The message that has waited longest, which is consumed by that. */
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
      // What the other connection had credit for is for this one now.
      if (granted) this.#grants[0]?.();
      return;
    }
    this.release();
    // The consumers may have let the peer in again.
    if (this.#grants.length > 0) return;
    if (this.#lane.size === 0) this.#forget();
    else this.#owner.departed(this);
  }

  /** Drops everything; returns how many messages that were. */
  clear(): number {
    this.#pace?.stop();
    const count = this.#lane.clear();
    if (count > 0) this.#moved();
    return count;
  }

  /**
   * Drops what waits and, as long as the peer's connection lasts, what comes: nothing of it is worth
   * decoding. Credit goes back for both, so that a peer which nobody disconnects does not hang.
   * Returns how many messages waited.
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
