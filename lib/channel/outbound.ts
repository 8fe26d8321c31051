import { type Observable, Subject } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import { reportUnhandled } from '../flow/report-unhandled.ts';
import {
  type BroadcastEnvelope,
  checkEnvelope,
  type DirectEnvelope,
  type OutboundEnvelope,
} from '../model/envelope.ts';
import { asBytes, isOfBytes } from '../model/bytes.ts';
import { type ErrorCode, RxmeshError, toRxmeshError } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import { mistaken } from '../model/check-function.ts';
import { mustBe } from '../model/described.ts';
import { addressHint, isNodeId, type NodeId } from '../model/id.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import { waitingSendsMax } from '../session/waiting-sends.ts';
import { Absences, type CloseReason } from './absences.ts';
import type { Sending, Undelivered } from './channel.ts';
import type { ChannelHost, ChannelSettings } from './channel-host.ts';
import { ChannelSender, type SendingSide } from './sender.ts';
import { sendOnSubscription } from './sending.ts';
import type { Sender, Settled } from './sending-channel.ts';
import { SlowPeers } from './slow-peers.ts';

/**
 * The sending side of a channel. Encodes a message once and offers the bytes to each recipient's
 * outbox.
 */
export class Outbound<T> implements SendingSide<T> {
  readonly channel: number;
  readonly slowPeers: SlowPeers | undefined;
  readonly absences: Absences;
  readonly clock: Clock;
  /** See `Channel.undelivered$`. */
  readonly undelivered$: Observable<Undelivered<T>>;
  readonly #settings: ChannelSettings<T>;
  readonly #host: ChannelHost;
  readonly #undelivered = new Subject<Undelivered<T>>();
  /** What a lane drops for the message that is being offered, if anyone wants to know. */
  #displaced: Uint8Array[] = [];
  #isClosed = false;

  constructor(settings: ChannelSettings<T>, host: ChannelHost) {
    const { slowPeer } = settings;
    this.channel = settings.id;
    this.#settings = settings;
    this.#host = host;
    this.clock = host.clock;
    this.undelivered$ = this.#undelivered.asObservable();
    this.absences = new Absences({
      clock: host.clock,
      awaited: (peer, awaited) => host.awaited(this.channel, peer, awaited),
      gaveUp: (peer, messages, reason) => {
        this.#tellUndelivered(peer, messages, reason);
        this.#drop(reason, peer, undefined, messages.length);
      },
    });
    if (slowPeer === 'wait') return;
    this.slowPeers = new SlowPeers(slowPeer, host.clock, {
      missed: ({ id }) => this.#drop('lane-full', id),
      evict: (session) => this.#reportSlow(session),
    });
  }

  /** See `Channel.send`. */
  send(envelope: OutboundEnvelope<T>, awaitMs: number): Sending {
    return sendOnSubscription(this, envelope, awaitMs);
  }

  /** See `SendingChannel.sender`. */
  sender(settled: Settled, awaitMs: number, dropsTooLarge: boolean): Sender<T> {
    return new ChannelSender(this, settled, awaitMs, dropsTooLarge);
  }

  /** See `Channel.out`. */
  push(envelope: OutboundEnvelope<T>): void {
    try {
      this.offer(envelope, undefined);
    } catch (error) {
      // The drop has been reported already, and `out` has no other way to report an error.
      if (!(error instanceof RxmeshError)) throw error;
    }
  }

  /** Offers a message to its recipients' lanes. Without a sender, a full `block` lane drops it. */
  offer(envelope: OutboundEnvelope<T>, sender: ChannelSender<T> | undefined): void {
    checkEnvelope('out.next', envelope);
    const { to } = envelope;
    const broadcast: unknown = envelope.broadcast;
    // The type demands it, but JavaScript callers may set neither or both.
    if (to === undefined ? broadcast !== true : broadcast !== undefined) throw this.#unaddressed();
    this.#offerBytes(envelope, this.#encode(envelope.message), sender);
  }

  /** See `SendingSide`. The channel may have closed while the message waited. */
  offerBytes(envelope: OutboundEnvelope<T>, bytes: Uint8Array, sender: ChannelSender<T>): void {
    this.#assertOpen();
    this.#offerBytes(envelope, bytes, sender);
  }

  #offerBytes(
    envelope: OutboundEnvelope<T>,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
  ): void {
    if (envelope.to !== undefined) this.#sendTo(envelope, bytes, sender);
    else this.#broadcast(envelope, bytes, sender);
  }

  gaveUp(peer: NodeId | undefined): void {
    this.#drop(peer === undefined ? 'no-recipient' : 'unknown-peer', peer);
  }

  /** See `Absences.refill`. */
  refill(peer: NodeId): void {
    const outbox = this.#host.session(peer)?.outbox(this.channel);
    if (outbox !== undefined && !this.#isClosed) this.absences.refill(peer, outbox);
  }

  /** See `ChannelEnd`. */
  reached(peer: NodeId): void {
    const session = this.#host.session(peer);
    const outbox = session?.outbox(this.channel);
    if (session === undefined || outbox === undefined || this.#isClosed) return;
    this.absences.reached(peer, outbox);
    session.wake(outbox);
  }

  /** See `ChannelEnd`. */
  unsent(
    peer: NodeId,
    messages: readonly Uint8Array[],
    reason: DropReason,
    keepMs: number,
  ): boolean {
    if (keepMs > 0 && !this.#isClosed) {
      this.absences.keep(peer, messages, keepMs);
      return true;
    }
    this.#tellUndelivered(peer, messages, reason);
    return false;
  }

  /** See `ChannelEnd`. */
  displaced(message: Uint8Array): void {
    if (this.#undelivered.observed) this.#displaced.push(message);
  }

  /** Stops accepting messages. */
  close(): void {
    this.#isClosed = true;
    this.slowPeers?.close();
    this.absences.isClosed = true;
  }

  /** Gives up on the messages that wait for absent recipients. */
  discard(reason: CloseReason): void {
    this.absences.close(reason);
  }

  /** Completes `undelivered$`. */
  complete(): void {
    this.#undelivered.complete();
  }

  // What happens to every message stands in short functions, apart from what may go wrong: V8
  // inlines only so much into the loop that sends.

  /** @throws {RxmeshError} after reporting the drop */
  #encode(message: T): Uint8Array {
    this.#assertOpen();
    let bytes: Uint8Array;
    try {
      bytes = this.#settings.codec.encode(message);
      if (!isOfBytes(bytes)) bytes = bytesFrom(bytes);
    } catch (thrown) {
      throw this.#encodeFailed(thrown);
    }
    // The codec may have closed the channel, and opened another in its place.
    this.#assertOpen();
    if (bytes.length > this.#settings.messageBytesMax) throw this.#tooLarge(bytes);
    return bytes;
  }

  #sendTo(
    envelope: DirectEnvelope<T>,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
  ): void {
    const { to: peer } = envelope;
    const session = this.#host.session(peer);
    const outbox = session?.outbox(this.channel);
    if (session === undefined || outbox === undefined) {
      this.#sendToAbsent(envelope, bytes, sender, session);
      return;
    }
    outbox.keepFor(sender?.awaitMs ?? 0);
    this.#put(session, outbox, envelope, bytes, sender);
  }

  #sendToAbsent(
    envelope: DirectEnvelope<T>,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
    session: Session | undefined,
  ): void {
    const { to: peer } = envelope;
    if (session === undefined && !isNodeId(peer)) {
      const text = `${mustBe('`to`', 'a node ID', peer)}${addressHint(peer)}`;
      throw this.#refused('unknown-peer', 'RXMESH_NODE_ID_INVALID', text);
    }
    if (peer !== this.#host.self && sender?.waitForRecipient(envelope, bytes) === true) return;
    if (session !== undefined) this.#drop('channel-not-open', peer);
    else this.#drop(peer === this.#host.self ? 'to-self' : 'unknown-peer', peer);
    if (sender !== undefined) sender.dropped += 1;
  }

  #broadcast(
    envelope: BroadcastEnvelope<T>,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
  ): void {
    const { except } = envelope;
    let present = 0;
    let recipients = 0;
    for (const session of this.#host.sessions()) {
      if (this.#isClosed) break;
      const outbox = session.outbox(this.channel);
      if (outbox === undefined) continue;
      present += 1;
      if (except === session.id) continue;
      if (typeof except === 'object' && except.includes(session.id)) continue;
      recipients += 1;
      outbox.keepFor(0);
      this.#put(session, outbox, envelope, bytes, sender);
    }
    if (present === 0 && !this.#isClosed && sender?.waitForRecipient(envelope, bytes) === true)
      return;
    if (recipients > 0) return;
    this.#drop('no-recipient');
    if (sender !== undefined) sender.dropped += 1;
  }

  #put(
    session: Session,
    outbox: Outbox,
    envelope: OutboundEnvelope<T>,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
  ): void {
    const offered = outbox.offer(bytes);
    if (offered !== 'taken') {
      this.#putIntoFull(offered, session, outbox, envelope, bytes, sender);
      return;
    }
    if (!outbox.queued) session.wake(outbox);
    if (sender !== undefined) sender.accepted += 1;
  }

  #putIntoFull(
    offered: Exclude<ReturnType<Outbox['offer']>, 'taken'>,
    session: Session,
    outbox: Outbox,
    envelope: OutboundEnvelope<T>,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
  ): void {
    if (offered === 'displaced') {
      this.#drop('lane-full', session.id, undefined, outbox.displaced);
      session.wake(outbox);
      if (sender !== undefined) sender.accepted += 1;
      this.#tellDisplaced(session.id);
      return;
    }
    const isBroadcast = envelope.broadcast === true;
    if (offered === 'too-large') {
      const error = this.#putTooLarge(session, outbox, bytes);
      if (sender === undefined) return;
      sender.dropped += 1;
      // A broadcast still reaches its other recipients, and so do the next messages of a pipe.
      if (!isBroadcast && !sender.dropsTooLarge) sender.failed(error);
      return;
    }
    this.#host.mayStall();
    if (offered === 'full' && sender !== undefined) {
      const mayWait = !isBroadcast || this.slowPeers?.mayWait(outbox) !== false;
      if (mayWait && sender.waitFor(envelope, bytes, outbox, session)) return;
    }
    this.#drop('lane-full', session.id);
    if (offered === 'rejected') this.#tellUndelivered(session.id, [bytes], 'lane-full');
    if (sender === undefined) return;
    sender.dropped += 1;
    // One full lane does not fail a broadcast to many peers, unless its strategy is `fail`.
    if (offered === 'overflow') {
      sender.failed(this.#overflow(session, `the lane to ${session.id} is full`));
    } else if (offered === 'full' && !isBroadcast) {
      sender.failed(this.#overflow(session, `${waitingSendsMax} sends wait for one lane already`));
    }
  }

  /** Drops a message that is longer than the peer accepts, and returns the error. */
  #putTooLarge({ id: peer }: Session, { messageBytesMax }: Outbox, bytes: Uint8Array): RxmeshError {
    const { channel } = this;
    const text = `a message of ${bytes.length} bytes is too large for ${peer}, which accepts ${messageBytesMax}`;
    const error = new RxmeshError('RXMESH_MESSAGE_TOO_LARGE', text, { peer, channel });
    this.#drop('too-large', peer, error);
    this.#tellUndelivered(peer, [bytes], 'too-large');
    return error;
  }

  /** Last, since a subscriber may send, or close the channel. */
  #tellDisplaced(to: NodeId): void {
    if (this.#displaced.length === 0) return;
    const messages = this.#displaced;
    this.#displaced = [];
    this.#tellUndelivered(to, messages, 'lane-full');
  }

  /** Decodes only for subscribers. A message that fails to decode still counts as a drop. */
  #tellUndelivered(to: NodeId, messages: readonly Uint8Array[], reason: DropReason): void {
    if (!this.#undelivered.observed) return;
    for (const bytes of messages) {
      try {
        this.#undelivered.next({ to, message: this.#settings.codec.decode(bytes), reason });
      } catch (thrown) {
        reportUnhandled(thrown);
      }
    }
  }

  #unaddressed(): RxmeshError {
    const text = 'the envelope must have either `to` or `broadcast: true`';
    return this.#refused('no-recipient', 'RXMESH_UNDELIVERABLE', text);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw this.#closed();
  }

  #closed(): RxmeshError {
    return this.#refused('channel-closed', 'RXMESH_CHANNEL_CLOSED', 'the channel is closed');
  }

  #encodeFailed(thrown: unknown): RxmeshError {
    const { channel } = this;
    const text = `cannot encode a message for channel ${channel}`;
    const error = toRxmeshError(thrown, 'RXMESH_ENCODE_FAILED', text, { channel });
    this.#drop('encode-failed', undefined, error);
    return error;
  }

  #tooLarge({ length }: Uint8Array): RxmeshError {
    const { messageBytesMax } = this.#settings;
    const text = `a message of ${length} bytes is larger than messageBytesMax, which is ${messageBytesMax}`;
    return this.#refused('too-large', 'RXMESH_MESSAGE_TOO_LARGE', text);
  }

  #overflow({ id: peer }: Session, text: string): RxmeshError {
    return new RxmeshError('RXMESH_OVERFLOW', text, { peer, channel: this.channel });
  }

  #reportSlow({ id: peer }: Session): void {
    const text = `${peer} has taken no message on channel ${this.channel} while broadcasts waited for it`;
    const reason = new RxmeshError('RXMESH_SLOW_PEER', text, { peer, channel: this.channel });
    this.#host.reported({ peer, severity: 'disconnect', reason });
  }

  #refused(reason: DropReason, code: ErrorCode, text: string): RxmeshError {
    const { id: channel } = this.#settings;
    const error = new RxmeshError(code, `channel ${channel}: ${text}`, { channel });
    this.#drop(reason, undefined, error);
    return error;
  }

  #drop(reason: DropReason, peer?: NodeId, error?: RxmeshError, count = 1): void {
    this.#host.dropped({
      direction: 'outbound',
      channel: this.#settings.id,
      reason,
      count,
      ...(peer !== undefined && { peer }),
      ...(error !== undefined && { error }),
    });
  }
}

function bytesFrom(made: unknown): Uint8Array {
  const bytes = asBytes(made);
  if (bytes === undefined) throw mistaken('the result of encode', 'a Uint8Array', made);
  return bytes;
}
