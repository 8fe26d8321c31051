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
import type { ChannelHost, ChannelSettings } from './channel-host.ts';
import { PeerInbox, type InboxOwner } from './inbox.ts';

/** Departed peers whose messages a channel still keeps for its consumers, at most. */
const departedMax = 64;

/**
 * The way in of a channel: decodes messages for its consumers as far as they want them, straight
 * from the record when they keep up, else from the peers' inboxes, one message of each in turn.
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
  /** Of a consumer. */
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

  /** What waits, by peer, for who watches it. */
  get inboxes(): Iterable<PeerInbox> {
    return this.#inboxes.values();
  }

  get isConsumed(): boolean {
    return !this.#consumers.isEmpty;
  }

  /** A session of `peer` joins: see `ChannelEnd`. */
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

  /** Takes nothing more; what the sessions leave behind is for `discard`. */
  close(): void {
    this.#isClosed = true;
  }

  /** Drops what waits. */
  discard(): void {
    for (const inbox of this.#inboxes.values()) this.#discard(inbox, 'channel-closed');
    this.#inboxes.clear();
    this.#round = [];
  }

  /** Ends `in$`. */
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

  /** Messages of too many departed peers would grow memory: the oldest go. */
  departed(inbox: PeerInbox): void {
    if (this.#isClosed) return;
    // Last among them, so that they stand in the order in which they went.
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

  /** It passes each flow that a consumer has made of `in$`, one after the other. */
  #consumerFailed(error: unknown): void {
    if (!(error instanceof RxmeshError) || error === this.#lastFailure) return;
    if (error.code !== 'RXMESH_DEMAND_LOST' && error.code !== 'RXMESH_OVERFLOW') return;
    this.#lastFailure = error;
    this.#host.consumerFailed(this.#settings.id, error);
  }

  #emit(from: NodeId, bytes: Uint8Array): void {
    const { id } = this.#settings;
    let message: T;
    // The codec may close the channel, or bring and send away consumers.
    this.#consumers.hold();
    try {
      message = this.#decode(bytes);
    } catch (thrown) {
      this.#consumers.release();
      this.#host.decodeFailed(from, id, thrown);
      return;
    }
    if (!this.#consumers.next({ from, message })) this.#drop(from, 'no-recipient', 1);
  }

  /** Gives the consumers what waits, one message of each peer in turn, while they want it. */
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
    // Its peer may have come back, and not be up yet: it is queued again then.
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
