import { Observable } from 'rxjs';
import type { OutboundEnvelope } from '../model/envelope.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { Session } from '../session/session.ts';
import type { SendReport } from './channel.ts';
import { Delivery } from './delivery.ts';
import type { ChannelHost, ChannelSettings } from './channel-host.ts';

/**
 * The way out of a channel: encodes a message once and offers the bytes to the outbox of each
 * recipient.
 */
export class Outbound<T> {
  readonly #settings: ChannelSettings<T>;
  readonly #host: ChannelHost;
  #isClosed = false;

  constructor(settings: ChannelSettings<T>, host: ChannelHost) {
    this.#settings = settings;
    this.#host = host;
  }

  /** See `Channel.send`. */
  send(envelope: OutboundEnvelope<T>): Observable<SendReport> {
    return new Observable((subscriber) => {
      let delivery: Delivery;
      try {
        const bytes = this.#encode(envelope);
        delivery = new Delivery(subscriber, this.#settings.id, bytes);
        this.#route(envelope, bytes, delivery);
      } catch (error) {
        subscriber.error(error);
        return undefined;
      }
      delivery.offered();
      return delivery.waits ? delivery : undefined;
    });
  }

  /** See `Channel.out`. */
  push(envelope: OutboundEnvelope<T>): void {
    try {
      this.#route(envelope, this.#encode(envelope), undefined);
    } catch (error) {
      // It was told as a drop already; `out` has nobody else to tell.
      if (!(error instanceof RxmeshError)) throw error;
    }
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  /** @throws {RxmeshError} after the drop was told */
  #encode(envelope: OutboundEnvelope<T>): Uint8Array {
    if (this.#isClosed) {
      throw this.#undelivered('channel-closed', 'RXMESH_CHANNEL_CLOSED', 'the channel is closed');
    }
    const { id, codec, messageBytesMax } = this.#settings;
    let bytes: Uint8Array;
    try {
      bytes = codec.encode(envelope.message);
    } catch (thrown) {
      const text = `a message for channel ${id}`;
      const error = toRxmeshError(thrown, 'RXMESH_ENCODE_FAILED', text, { channel: id });
      this.#drop('encode-failed', undefined, error);
      throw error;
    }
    if (bytes.length > messageBytesMax) {
      const text = `a message of ${bytes.length} bytes, more than ${messageBytesMax}`;
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
      this.#drop(envelope.to === this.#host.self ? 'to-self' : 'unknown-peer', envelope.to);
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
      if (session.outbox(this.#settings.id) === undefined) continue;
      if (except === session.id) continue;
      if (typeof except === 'object' && except.includes(session.id)) continue;
      recipients += 1;
      this.#offer(session, bytes, delivery);
    }
    if (recipients === 0) this.#drop('no-recipient');
  }

  #offer(session: Session, bytes: Uint8Array, delivery: Delivery | undefined): void {
    const { id } = this.#settings;
    const outbox = session.outbox(id);
    if (outbox === undefined) {
      this.#drop('channel-not-open', session.id);
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
      this.#drop('lane-full', session.id, undefined, count);
    }
    if (offered === 'taken' || offered === 'displaced') {
      session.wake(outbox);
      delivery?.accepted();
      return;
    }
    delivery?.dropped();
    if (offered === 'overflow') {
      const about = { peer: session.id, channel: id };
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
