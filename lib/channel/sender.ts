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

/** What a sender needs of the way out that it belongs to. */
export interface SendingSide<T> {
  readonly channel: number;
  /** What broadcasts do about peers for which they have to wait, if not simply that. */
  readonly slowPeers: SlowPeers | undefined;
  readonly absences: Absences;
  readonly clock: Clock;
  /**
   * Offers a message to its recipients' lanes, and tells `sender` what became of it at each.
   * @throws {RxmeshError} it is not offered to anyone
   */
  offer(envelope: OutboundEnvelope<T>, sender: ChannelSender<T>): void;
  /** The same with what it was encoded to. */
  offerBytes(envelope: OutboundEnvelope<T>, bytes: Uint8Array, sender: ChannelSender<T>): void;
  /** Its recipient has not come in time. */
  gaveUp(peer: NodeId | undefined): void;
}

/**
 * One message at a time: how many recipients' lanes have taken it, and for which it waits. Its
 * places in the queues of lanes serve one message after the other, so that a message that waits
 * costs no memory here.
 */
export class ChannelSender<T> implements Sender<T> {
  accepted = 0;
  dropped = 0;
  /** How long a message waits for a recipient that is away, in milliseconds. */
  readonly awaitMs: number;
  readonly side: SendingSide<T>;
  readonly #settled: (report: SendReport, error?: RxmeshError) => void;
  #failure: RxmeshError | undefined;
  /** The message is being offered: nothing is settled before it was to every recipient. */
  #offering = false;
  #takenBack = false;
  /** For how many lanes the message waits. */
  #waiting = 0;
  /** All places, in a list that runs through them. Those up to the last one are this message's. */
  #firstPlace: Place<T> | undefined;
  #lastPlace: Place<T> | undefined;

  constructor(
    side: SendingSide<T>,
    settled: (report: SendReport, error?: RxmeshError) => void,
    awaitMs: number,
  ) {
    this.side = side;
    this.awaitMs = awaitMs;
    this.#settled = settled;
  }

  send(envelope: OutboundEnvelope<T>): boolean {
    if (this.#offering || this.#waiting > 0) {
      throw new TypeError('Sender.send: the message before is not settled yet');
    }
    this.#begin();
    try {
      this.side.offer(envelope, this);
    } catch (thrown) {
      this.unsubscribe();
      throw thrown;
    } finally {
      this.#offering = false;
    }
    if (this.#waiting > 0 || this.#takenBack) return false;
    if (this.#failure !== undefined) throw this.#failure;
    return true;
  }

  unsubscribe(): void {
    this.#takenBack = true;
    if (this.#waiting === 0) return;
    this.#waiting = 0;
    // They are not used again: a lane that is being emptied may still have something to say to
    // them.
    for (let place = this.#firstPlace; place !== undefined; place = place.next) place.leave();
    this.#firstPlace = undefined;
    this.#lastPlace = undefined;
  }

  // For who offers the message

  /** Waits for room in a full `block` lane; false when too many sends do. */
  waitFor(
    envelope: OutboundEnvelope<T>,
    bytes: Uint8Array,
    outbox: Outbox,
    session: Session,
  ): boolean {
    // Who has heard of a drop may have taken the message back.
    if (this.#takenBack) return true;
    const place = this.#nextPlace();
    if (!place.waitForRoom(envelope, bytes, outbox, session)) return false;
    this.#waiting += 1;
    return true;
  }

  /** Waits for a recipient that is away, if it may; false when it may not, or too many sends do. */
  waitForRecipient(envelope: OutboundEnvelope<T>, bytes: Uint8Array): boolean {
    if (this.awaitMs === 0) return false;
    if (this.#takenBack) return true;
    const place = this.#nextPlace();
    if (!place.waitForRecipient(envelope, bytes)) return false;
    this.#waiting += 1;
    return true;
  }

  failed(error: RxmeshError): void {
    this.#failure ??= error;
  }

  // For its places

  /** The recipient for which a message has waited is there. */
  reached(envelope: OutboundEnvelope<T>, bytes: Uint8Array): void {
    this.#waiting -= 1;
    const isNested = this.#offering;
    this.#offering = true;
    try {
      this.side.offerBytes(envelope, bytes, this);
    } catch (thrown) {
      this.failed(toRxmeshError(thrown, 'RXMESH_UNDELIVERABLE', 'a message that had waited'));
    }
    this.#offering = isNested;
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
    if (this.#offering || this.#waiting > 0 || this.#takenBack) return;
    try {
      this.#settled(this, this.#failure);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  #begin(): void {
    this.accepted = 0;
    this.dropped = 0;
    this.#failure = undefined;
    this.#takenBack = false;
    this.#lastPlace = undefined;
    this.#offering = true;
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

/**
 * The place of one sender's message among those that wait: for room in one outbox, or for a
 * recipient.
 */
class Place<T> extends AwaitingSend implements WaitingBroadcast {
  /** The sender's next place. */
  next: Place<T> | undefined = undefined;
  readonly #sender: ChannelSender<T>;
  #envelope: OutboundEnvelope<T> | undefined;
  #outbox: Outbox | undefined;
  /** Ends the waiting for a recipient. */
  #timer: Subscription | undefined;
  /** The sender has given it up. */
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
    if (!side.absences.wait(envelope.to, this)) {
      this.#release();
      return false;
    }
    if (awaitMs < Infinity) this.#timer = side.clock.schedule(() => this.#giveUp(), awaitMs);
    return true;
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

  override reached(): void {
    const { bytes } = this;
    const envelope = this.#envelope;
    this.#release();
    if (envelope !== undefined && !this.#left) this.#sender.reached(envelope, bytes);
  }

  override abandoned(reason: UnsentReason): void {
    const { bytes } = this;
    const envelope = this.#envelope;
    const mayWait = reason !== 'channel-closed' && !this.#isBroadcast() && !this.#left;
    this.#release();
    if (this.#left) return;
    if (mayWait && envelope !== undefined && this.#sender.awaitMs > 0) {
      if (this.waitForRecipient(envelope, bytes)) return;
    }
    this.#sender.left(false, reason === 'channel-closed');
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
