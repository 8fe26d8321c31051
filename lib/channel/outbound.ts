import { Observable } from 'rxjs';
import { asBytes } from '../model/bytes.ts';
import type { OutboundEnvelope } from '../model/envelope.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import { waitingSendsMax } from '../session/waiting-sends.ts';
import type { SendReport } from './channel.ts';
import type { ChannelHost, ChannelSettings } from './channel-host.ts';
import { ChannelSender, type SendingSide } from './sender.ts';
import type { Sender } from './sending-channel.ts';
import { SlowPeers } from './slow-peers.ts';

/**
 * The way out of a channel: encodes a message once and offers the bytes to the outbox of each
 * recipient.
 */
export class Outbound<T> implements SendingSide<T> {
  readonly channel: number;
  readonly slowPeers: SlowPeers | undefined;
  readonly #settings: ChannelSettings<T>;
  readonly #host: ChannelHost;
  #isClosed = false;

  constructor(settings: ChannelSettings<T>, host: ChannelHost) {
    const { slowPeer } = settings;
    this.channel = settings.id;
    this.#settings = settings;
    this.#host = host;
    if (slowPeer === 'wait') return;
    this.slowPeers = new SlowPeers(slowPeer, host.clock, {
      missed: ({ id }) => this.#drop('lane-full', id),
      evict: (session) => this.#reportSlow(session),
    });
  }

  /** See `Channel.send`. */
  send(envelope: OutboundEnvelope<T>): Observable<SendReport> {
    return new Observable((subscriber) => {
      const settled = ({ accepted, dropped }: SendReport, error?: RxmeshError): void => {
        if (error !== undefined) {
          subscriber.error(error);
          return;
        }
        subscriber.next({ accepted, dropped });
        subscriber.complete();
      };
      const sender = new ChannelSender(this, settled);
      try {
        if (!sender.send(envelope)) return sender;
      } catch (error) {
        subscriber.error(error);
        return undefined;
      }
      settled(sender);
      return undefined;
    });
  }

  /** See `SendingChannel.sender`. */
  sender(settled: (report: SendReport, error?: RxmeshError) => void): Sender<T> {
    return new ChannelSender(this, settled);
  }

  /** See `Channel.out`. */
  push(envelope: OutboundEnvelope<T>): void {
    try {
      this.offer(envelope, undefined);
    } catch (error) {
      // It was told as a drop already; `out` has nobody else to tell.
      if (!(error instanceof RxmeshError)) throw error;
    }
  }

  /** Offers a message to its recipients' lanes. Without a sender, a full `block` lane drops it. */
  offer(envelope: OutboundEnvelope<T>, sender: ChannelSender<T> | undefined): void {
    const { to } = envelope;
    const broadcast: unknown = envelope.broadcast;
    // Its type says so, but a caller in JavaScript may have forgotten both, or given both.
    if (to === undefined ? broadcast !== true : broadcast !== undefined) {
      const text = 'an envelope names its recipient in `to`, or is a `broadcast`, and not both';
      throw this.#undelivered('no-recipient', 'RXMESH_UNDELIVERABLE', text);
    }
    const bytes = this.#encode(envelope);
    if (to !== undefined) this.#sendTo(to, bytes, sender);
    else this.#broadcast(envelope.except, bytes, sender);
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.slowPeers?.close();
  }

  /** @throws {RxmeshError} after the drop was told */
  #encode(envelope: OutboundEnvelope<T>): Uint8Array {
    this.#assertOpen();
    const { id, codec, messageBytesMax } = this.#settings;
    let bytes: Uint8Array | undefined;
    try {
      bytes = asBytes(codec.encode(envelope.message));
      if (bytes === undefined) throw new TypeError('the codec has not made bytes');
    } catch (thrown) {
      const text = `a message for channel ${id}`;
      const error = toRxmeshError(thrown, 'RXMESH_ENCODE_FAILED', text, { channel: id });
      this.#drop('encode-failed', undefined, error);
      throw error;
    }
    // The codec may have closed it, and opened another one in its place.
    this.#assertOpen();
    if (bytes.length > messageBytesMax) {
      const text = `a message of ${bytes.length} bytes, more than ${messageBytesMax}`;
      throw this.#undelivered('too-large', 'RXMESH_MESSAGE_TOO_LARGE', text);
    }
    return bytes;
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw this.#undelivered('channel-closed', 'RXMESH_CHANNEL_CLOSED', 'the channel is closed');
  }

  #sendTo(peer: NodeId, bytes: Uint8Array, sender: ChannelSender<T> | undefined): void {
    const session = this.#host.session(peer);
    const outbox = session?.outbox(this.channel);
    if (session !== undefined && outbox !== undefined) {
      this.#put(session, outbox, bytes, sender, false);
      return;
    }
    if (session !== undefined) this.#drop('channel-not-open', peer);
    else this.#drop(peer === this.#host.self ? 'to-self' : 'unknown-peer', peer);
    if (sender !== undefined) sender.dropped += 1;
  }

  #broadcast(
    except: NodeId | readonly NodeId[] | undefined,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
  ): void {
    let recipients = 0;
    for (const session of this.#host.sessions()) {
      if (this.#isClosed) break;
      const outbox = session.outbox(this.channel);
      if (outbox === undefined || except === session.id) continue;
      if (typeof except === 'object' && except.includes(session.id)) continue;
      recipients += 1;
      this.#put(session, outbox, bytes, sender, true);
    }
    if (recipients === 0) this.#drop('no-recipient');
  }

  #put(
    session: Session,
    outbox: Outbox,
    bytes: Uint8Array,
    sender: ChannelSender<T> | undefined,
    isBroadcast: boolean,
  ): void {
    const offered = outbox.offer(bytes);
    if (offered === 'taken' || offered === 'displaced') {
      if (offered === 'displaced') {
        this.#drop('lane-full', session.id, undefined, outbox.displaced);
      }
      session.wake(outbox);
      if (sender !== undefined) sender.accepted += 1;
      return;
    }
    if (offered === 'full' && sender !== undefined) {
      const mayWait = !isBroadcast || this.slowPeers?.mayWait(outbox) !== false;
      if (mayWait && sender.waitFor(bytes, outbox, isBroadcast ? session : undefined)) return;
    }
    this.#drop('lane-full', session.id);
    if (sender === undefined) return;
    sender.dropped += 1;
    // One peer that is too slow is no reason to fail a broadcast to others, unless the lane is for that.
    if (offered === 'overflow') {
      sender.failed(this.#overflow(session, `the lane to ${session.id} is full`));
    } else if (offered === 'full' && !isBroadcast) {
      sender.failed(this.#overflow(session, `${waitingSendsMax} sends wait for one lane already`));
    }
  }

  #overflow({ id: peer }: Session, text: string): RxmeshError {
    return new RxmeshError('RXMESH_OVERFLOW', text, { peer, channel: this.channel });
  }

  #reportSlow({ id: peer }: Session): void {
    const text = `${peer} has taken no message on channel ${this.channel} while broadcasts waited for it`;
    const reason = new RxmeshError('RXMESH_SLOW_PEER', text, { peer, channel: this.channel });
    this.#host.reported({ peer, severity: 'disconnect', reason });
  }

  #undelivered(
    reason: DropReason,
    code: 'RXMESH_CHANNEL_CLOSED' | 'RXMESH_MESSAGE_TOO_LARGE' | 'RXMESH_UNDELIVERABLE',
    text: string,
  ): RxmeshError {
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
