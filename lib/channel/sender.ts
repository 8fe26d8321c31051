import { reportUnhandled } from '../flow/report-unhandled.ts';
import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { OutboundEnvelope } from '../model/envelope.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import { nothing, type UnsentReason } from '../session/waiting-sends.ts';
import { type Absences, AwaitingSend } from './absences.ts';
import type { SendReport } from './channel.ts';
import type { Sender } from './sending-channel.ts';
import type { SlowPeers, WaitingBroadcast } from './slow-peers.ts';

/** What a sender needs from its channel. */
export interface SendingSide<T> {
  readonly channel: number;
  /** How broadcasts treat slow peers; `undefined` if they just wait. */
  readonly slowPeers: SlowPeers | undefined;
  readonly absences: Absences;
  readonly clock: Clock;
  /**
   * Offers a message to its recipients' lanes, and reports the outcome of each to `sender`.
   * @throws {RxmeshError} if it is not offered to anyone
   */
  offer(envelope: OutboundEnvelope<T>, sender: ChannelSender<T>): void;
  /** The same for a message that is already encoded. */
  offerBytes(envelope: OutboundEnvelope<T>, bytes: Uint8Array, sender: ChannelSender<T>): void;
  /** A recipient did not arrive in time. */
  gaveUp(peer: NodeId | undefined): void;
}

/**
 * Sends one message at a time. Counts the lanes that have taken a message, and those that the
 * current one is waiting for.
 * Its places in the lanes' queues are reused from message to message, so waiting takes no new
 * memory.
 */
export class ChannelSender<T> implements Sender<T> {
  accepted = 0;
  dropped = 0;
  /** How long a message may wait for an absent recipient, in milliseconds. */
  readonly awaitMs: number;
  /** Whether a message that is too long for its recipient alone is only dropped. */
  readonly dropsTooLarge: boolean;
  readonly side: SendingSide<T>;
  readonly #settled: (report: SendReport, error?: RxmeshError) => void;
  #failure: RxmeshError | undefined;
  /**
   * How many times over the message is being offered: it is not settled before every recipient has
   * been tried.
   */
  #offering = 0;
  #takenBack = false;
  /** How many lanes and absent recipients the message is waiting for. */
  #waiting = 0;
  /** A linked list of all places. Those up to the last one are in use by this message. */
  #firstPlace: Place<T> | undefined;
  #lastPlace: Place<T> | undefined;

  constructor(
    side: SendingSide<T>,
    settled: (report: SendReport, error?: RxmeshError) => void,
    awaitMs: number,
    dropsTooLarge: boolean,
  ) {
    this.side = side;
    this.awaitMs = awaitMs;
    this.dropsTooLarge = dropsTooLarge;
    this.#settled = settled;
  }

  send(envelope: OutboundEnvelope<T>): boolean {
    if (this.#offering > 0 || this.#waiting > 0) throw notSettled();
    this.#begin();
    try {
      this.side.offer(envelope, this);
    } catch (thrown) {
      this.#offering -= 1;
      this.unsubscribe();
      throw thrown;
    }
    this.#offering -= 1;
    if (this.#waiting > 0 || this.#takenBack) return false;
    if (this.#failure !== undefined) throw this.#failure;
    return true;
  }

  unsubscribe(): void {
    this.#takenBack = true;
    if (this.#waiting === 0) return;
    this.#waiting = 0;
    // Not reused: a lane that is being emptied may still call them.
    for (let place = this.#firstPlace; place !== undefined; place = place.next) place.leave();
    this.#firstPlace = undefined;
    this.#lastPlace = undefined;
  }

  // For the sending side

  /** Waits for room in a full `block` lane. Returns false if too many sends are waiting. */
  waitFor(
    envelope: OutboundEnvelope<T>,
    bytes: Uint8Array,
    outbox: Outbox,
    session: Session,
  ): boolean {
    // A subscriber notified of a drop may have withdrawn the message.
    if (this.#takenBack) return true;
    const place = this.#nextPlace();
    if (!place.waitForRoom(envelope, bytes, outbox, session)) return false;
    this.#waiting += 1;
    return true;
  }

  /**
   * Waits for an absent recipient. Returns false if the message may not wait, or too many sends are
   * waiting.
   */
  waitForRecipient(envelope: OutboundEnvelope<T>, bytes: Uint8Array): boolean {
    if (this.awaitMs === 0) return false;
    if (this.#takenBack) return true;
    const place = this.#nextPlace();
    // Before, since the wait is an event, whose handler may withdraw the message or end the wait.
    this.#waiting += 1;
    if (place.waitForRecipient(envelope, bytes)) return true;
    this.#waiting -= 1;
    return false;
  }

  failed(error: RxmeshError): void {
    this.#failure ??= error;
  }

  // For its places

  /** The recipient that a message was waiting for is there. `resumed` settles it. */
  reached(envelope: OutboundEnvelope<T>, bytes: Uint8Array): void {
    this.#waiting -= 1;
    this.#offering += 1;
    try {
      this.side.offerBytes(envelope, bytes, this);
    } catch (thrown) {
      this.failed(toRxmeshError(thrown, 'RXMESH_UNDELIVERABLE', 'a message that had waited'));
    }
  }

  /** All that waited for the same recipient has been offered. */
  resumed(): void {
    this.#offering -= 1;
    this.#settle();
  }

  left(taken: boolean, closed: boolean): void {
    this.#waiting -= 1;
    if (taken) this.accepted += 1;
    else this.dropped += 1;
    if (closed) {
      const { channel } = this.side;
      const text = `channel ${channel} was closed while a send waited`;
      this.failed(new RxmeshError('RXMESH_CHANNEL_CLOSED', text, { channel }));
    }
    this.#settle();
  }

  #settle(): void {
    if (this.#offering > 0 || this.#waiting > 0 || this.#takenBack) return;
    try {
      this.#settled(this, this.#failure);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  #begin(): void {
    this.#failure = undefined;
    this.#takenBack = false;
    this.#lastPlace = undefined;
    this.#offering = 1;
  }

  #nextPlace(): Place<T> {
    const last = this.#lastPlace;
    let place = last === undefined ? this.#firstPlace : last.next;
    if (place === undefined) {
      place = new Place<T>(this);
      if (last === undefined) this.#firstPlace = place;
      else last.next = place;
    }
    this.#lastPlace = place;
    return place;
  }
}

function notSettled(): TypeError {
  return new TypeError('Sender.send: the message before is not settled yet');
}

/**
 * A place in a queue, for one message at a time of one sender: for room in an outbox, or for an
 * absent recipient.
 */
class Place<T> extends AwaitingSend implements WaitingBroadcast {
  /** The sender's next place. */
  next: Place<T> | undefined = undefined;
  readonly #sender: ChannelSender<T>;
  #envelope: OutboundEnvelope<T> | undefined;
  #outbox: Outbox | undefined;
  /** Ends the wait for a recipient. */
  #timer: Subscription | undefined;
  /** Whether the sender has given up this place. */
  #left = false;

  constructor(sender: ChannelSender<T>) {
    super();
    this.#sender = sender;
  }

  waitForRoom(
    envelope: OutboundEnvelope<T>,
    bytes: Uint8Array,
    outbox: Outbox,
    session: Session,
  ): boolean {
    if (!outbox.wait(this)) return false;
    this.#envelope = envelope;
    this.bytes = bytes;
    this.#outbox = outbox;
    if (this.#isBroadcast()) this.#sender.side.slowPeers?.waits(session, outbox, this);
    return true;
  }

  waitForRecipient(envelope: OutboundEnvelope<T>, bytes: Uint8Array): boolean {
    const { awaitMs, side } = this.#sender;
    this.#envelope = envelope;
    this.bytes = bytes;
    // Before the wait, which may have ended, and the place be in use again, when `wait` returns.
    if (awaitMs < Infinity) this.#timer = side.clock.schedule(() => this.#giveUp(), awaitMs);
    if (side.absences.wait(envelope.to, this)) return true;
    this.#release();
    return false;
  }

  leave(): void {
    this.#cancel();
    this.#release();
    this.#left = true;
  }

  skip(): void {
    this.#cancel();
    this.#release();
    this.#sender.left(false, false);
  }

  override taken(): void {
    if (this.#outbox !== undefined) this.#sender.side.slowPeers?.took(this.#outbox);
    this.#release();
    this.#sender.left(true, false);
  }

  override reached(): boolean {
    const { bytes } = this;
    const envelope = this.#envelope;
    this.#release();
    if (envelope === undefined || this.#left) return false;
    this.#sender.reached(envelope, bytes);
    return true;
  }

  override resumed(): void {
    this.#sender.resumed();
  }

  override abandoned(reason: UnsentReason): boolean {
    const { bytes } = this;
    const envelope = this.#envelope;
    const mayWait = !this.#isClosed(reason) && !this.#isBroadcast() && this.#sender.awaitMs > 0;
    this.#release();
    if (this.#left) return true;
    return mayWait && envelope !== undefined && this.waitForRecipient(envelope, bytes);
  }

  override lost(reason: UnsentReason): boolean {
    if (this.#left) return false;
    this.#sender.left(false, this.#isClosed(reason));
    return true;
  }

  /** The channel may be closing when its peer leaves. */
  #isClosed(reason: UnsentReason): boolean {
    return reason === 'channel-closed' || this.#sender.side.absences.isClosed;
  }

  #isBroadcast(): boolean {
    return this.#envelope?.broadcast === true;
  }

  #giveUp(): void {
    const peer = this.#envelope?.to;
    this.#cancel();
    this.#release();
    this.#sender.side.gaveUp(peer);
    this.#sender.left(false, false);
  }

  #cancel(): void {
    if (this.#outbox !== undefined) this.#outbox.cancel(this);
    else this.#sender.side.absences.cancel(this.#envelope?.to, this);
  }

  #release(): void {
    this.#timer?.unsubscribe();
    this.#timer = undefined;
    const outbox = this.#outbox;
    if (outbox !== undefined && this.#isBroadcast())
      this.#sender.side.slowPeers?.left(outbox, this);
    this.#envelope = undefined;
    this.bytes = nothing;
    this.#outbox = undefined;
  }
}
