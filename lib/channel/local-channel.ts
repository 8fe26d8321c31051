import { AsyncSubject, Observable, Subject, type Observer } from 'rxjs';
import type { Codec } from '../codec/codec.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { InboundEnvelope, OutboundEnvelope } from '../model/envelope.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import type { ChannelEnd, Credit, Drop, Grant } from '../session/channel-end.ts';
import type { Session } from '../session/session.ts';
import type { Channel, SendReport } from './channel.ts';
import { Delivery } from './delivery.ts';
import { PeerInbox, type InboxOwner } from './inbox.ts';

/** Departed peers whose messages a channel still keeps for its consumers, at most. */
const departedMax = 64;

/** What a channel asks of the node that it belongs to. */
export interface ChannelHost {
  readonly self: NodeId;
  session(peer: NodeId): Session | undefined;
  sessions(): Iterable<Session>;
  dropped(drop: Drop): void;
  reported(report: PeerReport): void;
  sourceFailed(channel: number, error: unknown): void;
  /** The channel is closed and out of use. */
  closed(channel: ChannelEnd): void;
}

/** A `ChannelOptions` with nothing left out. */
export interface ChannelSettings<T> {
  readonly id: number;
  readonly codec: Codec<T>;
  readonly inbound: LaneOptions;
  readonly outbound: LaneOptions;
  readonly messageBytesMax: number;
}

/**
 * A channel that is open at this node. Outbound: it encodes a message once and offers the bytes to
 * the outbox of each recipient. Inbound: it decodes for its consumers, straight from the record when
 * they keep up, else from the peers' inboxes, one message of each in turn.
 */
export class LocalChannel<T> implements Channel<T>, ChannelEnd, InboxOwner {
  readonly id: number;
  readonly inbound: LaneOptions;
  readonly outbound: LaneOptions;
  readonly messageBytesMax: number;
  readonly in$: Observable<InboundEnvelope<T>>;
  readonly out: Observer<OutboundEnvelope<T>>;
  readonly errors: Observer<PeerReport>;
  readonly closed$: Observable<void>;

  readonly #codec: Codec<T>;
  readonly #host: ChannelHost;
  readonly #consumers = new Subject<InboundEnvelope<T>>();
  readonly #closed = new AsyncSubject<void>();
  readonly #inboxes = new Map<NodeId, PeerInbox>();
  /** Inboxes with messages, in the order of their turns. */
  #round: PeerInbox[] = [];
  #emitting = false;
  #isClosed = false;

  constructor(settings: ChannelSettings<T>, host: ChannelHost) {
    this.id = settings.id;
    this.inbound = settings.inbound;
    this.outbound = settings.outbound;
    this.messageBytesMax = settings.messageBytesMax;
    this.#codec = settings.codec;
    this.#host = host;
    this.closed$ = this.#closed.asObservable();
    this.in$ = new Observable((subscriber) => {
      const subscription = this.#consumers.subscribe(subscriber);
      this.#drain();
      return subscription;
    });
    this.out = this.#observer((envelope) => this.#push(envelope));
    this.errors = this.#observer((report) => host.reported(report));
  }

  send(envelope: OutboundEnvelope<T>): Observable<SendReport> {
    return new Observable((subscriber) => {
      let delivery: Delivery;
      try {
        const bytes = this.#encode(envelope);
        delivery = new Delivery(subscriber, this.id, bytes);
        this.#route(envelope, bytes, delivery);
      } catch (error) {
        subscriber.error(error);
        return undefined;
      }
      delivery.offered();
      return delivery.waits ? delivery : undefined;
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#host.closed(this);
    for (const inbox of this.#inboxes.values()) this.#discard(inbox, 'channel-closed');
    this.#inboxes.clear();
    this.#round = [];
    // First, so that whoever subscribes again when `in$` completes can know that it is over.
    this.#closed.next();
    this.#closed.complete();
    this.#consumers.complete();
  }

  // ChannelEnd, for sessions

  join(peer: NodeId, granted: Credit, grant: Grant): PeerInbox {
    const known = this.#inboxes.get(peer);
    const inbox = known ?? new PeerInbox(peer, this, granted);
    if (known === undefined) this.#inboxes.set(peer, inbox);
    inbox.connect(grant);
    return inbox;
  }

  // InboxOwner, for inboxes

  handOver(from: NodeId, bytes: Uint8Array): boolean {
    if (this.#emitting || !this.#consumers.observed) return false;
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

  dropped(from: NodeId, count: number): void {
    this.#drop('inbound', 'lane-full', from, undefined, count);
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

  #emit(from: NodeId, bytes: Uint8Array): void {
    let message: T;
    try {
      message = this.#codec.decode(bytes);
    } catch (thrown) {
      const about = { peer: from, channel: this.id };
      const text = `a message of ${from} on channel ${this.id}`;
      this.#drop(
        'inbound',
        'decode-failed',
        from,
        toRxmeshError(thrown, 'RXMESH_DECODE_FAILED', text, about),
      );
      return;
    }
    this.#consumers.next({ from, message });
  }

  /** Gives the consumers what waits, one message of each peer in turn, while there are consumers. */
  #drain(): void {
    if (this.#emitting) return;
    this.#emitting = true;
    try {
      while (this.#consumers.observed) {
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
    // Its peer has come back, and is not up yet: it is queued again then.
    if (inbox.held) return;
    const bytes = inbox.take();
    if (inbox.depth > 0) {
      inbox.queued = true;
      this.#round.push(inbox);
    }
    if (bytes !== undefined) this.#emit(inbox.peer, bytes);
  }

  #discard(inbox: PeerInbox, reason: DropReason): void {
    const count = inbox.clear();
    if (count > 0) this.#drop('inbound', reason, inbox.peer, undefined, count);
  }

  #push(envelope: OutboundEnvelope<T>): void {
    try {
      this.#route(envelope, this.#encode(envelope), undefined);
    } catch (error) {
      // It was told as a drop already; `out` has nobody else to tell.
      if (!(error instanceof RxmeshError)) throw error;
    }
  }

  /** @throws {RxmeshError} after the drop was told */
  #encode(envelope: OutboundEnvelope<T>): Uint8Array {
    if (this.#isClosed) {
      throw this.#undelivered('channel-closed', 'RXMESH_CHANNEL_CLOSED', 'the channel is closed');
    }
    let bytes: Uint8Array;
    try {
      bytes = this.#codec.encode(envelope.message);
    } catch (thrown) {
      const text = `a message for channel ${this.id}`;
      const error = toRxmeshError(thrown, 'RXMESH_ENCODE_FAILED', text, { channel: this.id });
      this.#drop('outbound', 'encode-failed', undefined, error);
      throw error;
    }
    if (bytes.length > this.messageBytesMax) {
      const text = `a message of ${bytes.length} bytes, more than ${this.messageBytesMax}`;
      throw this.#undelivered('too-large', 'RXMESH_MESSAGE_TOO_LARGE', text);
    }
    return bytes;
  }

  /** Offers the message to each recipient. Without a delivery, a full `block` lane drops it. */
  #route(envelope: OutboundEnvelope<T>, bytes: Uint8Array, delivery: Delivery | undefined): void {
    if ('to' in envelope) {
      const session = this.#host.session(envelope.to);
      if (session !== undefined) {
        this.#offer(session, bytes, delivery);
        return;
      }
      const reason = envelope.to === this.#host.self ? 'to-self' : 'unknown-peer';
      this.#drop('outbound', reason, envelope.to);
      delivery?.dropped();
      return;
    }
    // Its type says so, but a caller in JavaScript may have forgotten both.
    const broadcast: unknown = envelope.broadcast;
    if (broadcast !== true) {
      const text = 'an envelope names its recipient in `to`, or is a `broadcast`';
      throw this.#undelivered('no-recipient', 'RXMESH_UNDELIVERABLE', text);
    }
    this.#broadcast(envelope.except, bytes, delivery);
  }

  #broadcast(
    except: NodeId | readonly NodeId[] | undefined,
    bytes: Uint8Array,
    delivery: Delivery | undefined,
  ): void {
    let recipients = 0;
    for (const session of this.#host.sessions()) {
      if (session.outbox(this.id) === undefined) continue;
      if (except === session.id) continue;
      if (typeof except === 'object' && except.includes(session.id)) continue;
      recipients += 1;
      this.#offer(session, bytes, delivery);
    }
    if (recipients === 0) this.#drop('outbound', 'no-recipient');
  }

  #offer(session: Session, bytes: Uint8Array, delivery: Delivery | undefined): void {
    const outbox = session.outbox(this.id);
    if (outbox === undefined) {
      this.#drop('outbound', 'channel-not-open', session.id);
      delivery?.dropped();
      return;
    }
    const offered = outbox.offer(bytes);
    if (offered === 'full' && delivery !== undefined) {
      delivery.waitFor(session, outbox);
      return;
    }
    if (offered !== 'taken') {
      const count = offered === 'displaced' ? outbox.displaced : 1;
      this.#drop('outbound', 'lane-full', session.id, undefined, count);
    }
    if (offered === 'taken' || offered === 'displaced') {
      session.wake(outbox);
      delivery?.accepted();
      return;
    }
    delivery?.dropped();
    if (offered === 'overflow') {
      const about = { peer: session.id, channel: this.id };
      delivery?.failed(
        new RxmeshError('RXMESH_OVERFLOW', `the lane to ${session.id} is full`, about),
      );
    }
  }

  #undelivered(
    reason: DropReason,
    code: 'RXMESH_CHANNEL_CLOSED' | 'RXMESH_MESSAGE_TOO_LARGE' | 'RXMESH_UNDELIVERABLE',
    text: string,
  ): RxmeshError {
    const error = new RxmeshError(code, `channel ${this.id}: ${text}`, { channel: this.id });
    this.#drop('outbound', reason, undefined, error);
    return error;
  }

  #drop(
    direction: 'inbound' | 'outbound',
    reason: DropReason,
    peer?: NodeId,
    error?: RxmeshError,
    count = 1,
  ): void {
    this.#host.dropped({
      direction,
      channel: this.id,
      reason,
      count,
      ...(peer !== undefined && { peer }),
      ...(error !== undefined && { error }),
    });
  }

  #observer<V>(next: (value: V) => void): Observer<V> {
    return {
      next,
      error: (error) => this.#host.sourceFailed(this.id, error),
      complete: () => undefined,
    };
  }
}
