import { plainDecode } from '../codec/decoding.ts';
import type { Clock } from '../flow/clock.ts';
import { Hub } from '../flow/hub.ts';
import type { Flow } from '../flow/flow.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { InboundEnvelope } from '../model/envelope.ts';
import { RxmeshError } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { Credit, Grant } from '../session/channel-end.ts';
import { CreditWindow } from './credit-window.ts';
import type { CloseReason } from './absences.ts';
import type { ChannelHost, ChannelSettings } from './channel-host.ts';
import { PeerInbox, type InboxOwner } from './inbox.ts';

/** The most departed peers whose messages a channel still keeps for its consumers. */
const departedMax = 64;

/**
 * The receiving side of a channel. Decodes messages as its consumers want them: straight from the
 * record if they keep up, otherwise from the peers' inboxes, one message from each in turn.
 */
export class Inbound<T> implements InboxOwner {
  readonly inbound: LaneOptions;
  readonly window: CreditWindow;
  readonly clock: Clock;
  readonly #settings: ChannelSettings<T>;
  readonly #decode: (bytes: Uint8Array) => T;
  readonly #host: ChannelHost;
  readonly #consumers: Hub<InboundEnvelope<T>>;
  readonly #inboxes = new Map<NodeId, PeerInbox>();
  /** Inboxes with messages, in the order of their turns. */
  #round: PeerInbox[] = [];
  #emitting = false;
  /** The last failure reported to the host: see `#consumerFailed`. */
  #lastFailure: RxmeshError | undefined;
  #isClosed = false;

  constructor(settings: ChannelSettings<T>, host: ChannelHost) {
    this.inbound = settings.inbound;
    this.window = CreditWindow.of(settings.inbound);
    this.clock = host.clock;
    this.#consumers = new Hub(() => this.#drain(), {
      clock: host.clock,
      failed: (error) => this.#consumerFailed(error),
    });
    this.#settings = settings;
    this.#decode = plainDecode(settings.codec);
    this.#host = host;
  }

  get in$(): Flow<InboundEnvelope<T>> {
    return this.#consumers.flow;
  }

  /** The peers' inboxes, for the detection of stalls. */
  get inboxes(): Iterable<PeerInbox> {
    return this.#inboxes.values();
  }

  /** Whether no message waits. */
  get isEmpty(): boolean {
    for (const { depth } of this.#inboxes.values()) if (depth > 0) return false;
    return true;
  }

  get isConsumed(): boolean {
    return !this.#consumers.isEmpty;
  }

  /** See `ChannelEnd`. */
  join(peer: NodeId, granted: Credit, grant: Grant): PeerInbox {
    const known = this.#inboxes.get(peer);
    const inbox = known ?? new PeerInbox(peer, this, granted);
    if (known === undefined) this.#inboxes.set(peer, inbox);
    inbox.connect(grant);
    if (this.#host.isMuted(peer)) inbox.mute();
    return inbox;
  }

  /** See `PeerInbox.mute`. */
  mute(peer: NodeId): void {
    const count = this.#inboxes.get(peer)?.mute() ?? 0;
    if (count > 0) this.#drop(peer, 'decode-failed', count);
  }

  /** Stops accepting messages. What the sessions leave behind is dropped by `discard`. */
  close(): void {
    this.#isClosed = true;
  }

  /** Drops all waiting messages. */
  discard(reason: CloseReason): void {
    for (const inbox of this.#inboxes.values()) this.#discard(inbox, reason);
    this.#inboxes.clear();
    this.#round = [];
  }

  /** Completes `in$`. */
  complete(): void {
    this.#consumers.complete();
  }

  // InboxOwner, for inboxes

  handOver(from: NodeId, bytes: Uint8Array): boolean {
    if (this.#emitting || !this.#consumers.ready) return false;
    this.#emitting = true;
    try {
      this.#emit(from, bytes);
    } finally {
      this.#emitting = false;
    }
    if (this.#round.length > 0) this.#drain();
    return true;
  }

  queue(inbox: PeerInbox): void {
    if (inbox.queued || this.#isClosed) return;
    inbox.queued = true;
    this.#round.push(inbox);
    this.#drain();
  }

  mayStall(): void {
    this.#host.mayStall();
  }

  dropped(from: NodeId, reason: DropReason, count: number): void {
    this.#drop(from, reason, count);
  }

  forget(inbox: PeerInbox): void {
    if (this.#inboxes.get(inbox.peer) === inbox) this.#inboxes.delete(inbox.peer);
  }

  /** Drops the messages of the longest departed peers if there are too many, to bound memory. */
  departed(inbox: PeerInbox): void {
    if (this.#isClosed) return;
    // Moves the inbox to the end, so that departed peers are in the order in which they left.
    this.#inboxes.delete(inbox.peer);
    this.#inboxes.set(inbox.peer, inbox);
    let departed = 0;
    for (const each of this.#inboxes.values()) if (!each.connected) departed += 1;
    for (const each of this.#inboxes.values()) {
      if (departed <= departedMax) return;
      if (each.connected) continue;
      this.#inboxes.delete(each.peer);
      this.#round = this.#round.filter((inbox) => inbox !== each);
      departed -= 1;
      this.#discard(each, 'peer-down');
    }
  }

  /**
   * Reports a failure once, though it passes through every flow that a consumer has built on `in$`.
   */
  #consumerFailed(error: unknown): void {
    if (!(error instanceof RxmeshError) || error === this.#lastFailure) return;
    if (error.code !== 'RXMESH_DEMAND_LOST' && error.code !== 'RXMESH_OVERFLOW') return;
    this.#lastFailure = error;
    this.#host.consumerFailed(this.#settings.id, error);
  }

  #emit(from: NodeId, bytes: Uint8Array): void {
    let message: T;
    // The codec may close the channel, or add and remove consumers.
    this.#consumers.hold();
    try {
      message = this.#decode(bytes);
    } catch (thrown) {
      this.#consumers.release();
      this.#host.decodeFailed(from, this.#settings.id, thrown);
      return;
    }
    if (!this.#consumers.next({ from, message })) this.#drop(from, 'no-recipient', 1);
  }

  /** Delivers waiting messages while the consumers want them, one from each peer in turn. */
  #drain(): void {
    if (this.#emitting) return;
    this.#emitting = true;
    try {
      while (this.#consumers.ready) {
        const inbox = this.#round.shift();
        if (inbox === undefined) break;
        this.#deliverOne(inbox);
      }
    } finally {
      this.#emitting = false;
    }
  }

  #deliverOne(inbox: PeerInbox): void {
    inbox.queued = false;
    // Its peer may have reconnected and not be up yet; the inbox is queued again once it is.
    if (!inbox.isDue()) return;
    const bytes = inbox.take();
    if (inbox.isDue()) {
      inbox.queued = true;
      this.#round.push(inbox);
    }
    if (bytes !== undefined) this.#emit(inbox.peer, bytes);
  }

  #discard(inbox: PeerInbox, reason: DropReason): void {
    const count = inbox.clear();
    if (count > 0) this.#drop(inbox.peer, reason, count);
  }

  #drop(peer: NodeId, reason: DropReason, count: number): void {
    this.#host.dropped({ direction: 'inbound', channel: this.#settings.id, reason, count, peer });
  }
}
