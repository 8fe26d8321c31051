import { reportUnhandled } from '../flow/report-unhandled.ts';
import type { OutboundEnvelope } from '../model/envelope.ts';
import { RxmeshError } from '../model/error.ts';
import type { Outbox } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import { nothing, WaitingSend } from '../session/waiting-sends.ts';
import type { SendReport } from './channel.ts';
import type { Sender } from './sending-channel.ts';
import type { SlowPeers, WaitingBroadcast } from './slow-peers.ts';

/** What a sender needs of the way out that it belongs to. */
export interface SendingSide<T> {
  readonly channel: number;
  /** What broadcasts do about peers for which they have to wait, if not simply that. */
  readonly slowPeers: SlowPeers | undefined;
  /**
   * Offers a message to its recipients' lanes, and tells `sender` what became of it at each.
   * @throws {RxmeshError} it is not offered to anyone
   */
  offer(envelope: OutboundEnvelope<T>, sender: ChannelSender<T>): void;
}

/**
 * One message at a time: how many recipients' lanes have taken it, and for which it waits. Its places in
 * the queues of lanes serve one message after the other, so that a message that waits costs no memory here.
 */
export class ChannelSender<T> implements Sender<T> {
  accepted = 0;
  dropped = 0;
  readonly #side: SendingSide<T>;
  readonly #settled: (report: SendReport, error?: RxmeshError) => void;
  #failure: RxmeshError | undefined;
  /** The message is being offered: nothing is settled before it was to every recipient. */
  #offering = false;
  #takenBack = false;
  /** For how many lanes the message waits. */
  #waiting = 0;
  /** All places, in a list that runs through them. Those up to the last one are this message's. */
  #firstPlace: Place | undefined;
  #lastPlace: Place | undefined;

  constructor(side: SendingSide<T>, settled: (report: SendReport, error?: RxmeshError) => void) {
    this.#side = side;
    this.#settled = settled;
  }

  send(envelope: OutboundEnvelope<T>): boolean {
    if (this.#offering || this.#waiting > 0) {
      throw new TypeError('Sender.send: the message before is not settled yet');
    }
    this.#begin();
    try {
      this.#side.offer(envelope, this);
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
    // They are not used again: a lane that is being emptied may still have something to say to them.
    for (let place = this.#firstPlace; place !== undefined; place = place.next) place.leave();
    this.#firstPlace = undefined;
    this.#lastPlace = undefined;
  }

  // For who offers the message

  /**
   * Waits for room in a full `block` lane; false when too many sends do.
   * @param broadcastTo the lane's session, if the message is a broadcast
   */
  waitFor(bytes: Uint8Array, outbox: Outbox, broadcastTo: Session | undefined): boolean {
    // Who has heard of a drop may have taken the message back.
    if (this.#takenBack) return true;
    const place = this.#nextPlace();
    if (!place.wait(bytes, outbox, broadcastTo)) return false;
    this.#waiting += 1;
    return true;
  }

  failed(error: RxmeshError): void {
    this.#failure ??= error;
  }

  // For its places

  get slowPeers(): SlowPeers | undefined {
    return this.#side.slowPeers;
  }

  left(taken: boolean, closed: boolean): void {
    this.#waiting -= 1;
    if (taken) this.accepted += 1;
    else this.dropped += 1;
    if (closed) {
      const { channel } = this.#side;
      const text = `channel ${channel} was closed while a send waited`;
      this.failed(new RxmeshError('RXMESH_CHANNEL_CLOSED', text, { channel }));
    }
    if (this.#offering || this.#waiting > 0) return;
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

  #nextPlace(): Place {
    const last = this.#lastPlace;
    let place = last === undefined ? this.#firstPlace : last.next;
    if (place === undefined) {
      place = new Place(this);
      if (last === undefined) this.#firstPlace = place;
      else last.next = place;
    }
    this.#lastPlace = place;
    return place;
  }
}

/** The place of one sender's message among the sends that wait for one outbox. */
class Place extends WaitingSend implements WaitingBroadcast {
  /** The sender's next place. */
  next: Place | undefined = undefined;
  readonly #sender: Pick<ChannelSender<unknown>, 'left' | 'slowPeers'>;
  #outbox: Outbox | undefined;
  #isBroadcast = false;
  /** The sender has given it up. */
  #left = false;

  constructor(sender: Pick<ChannelSender<unknown>, 'left' | 'slowPeers'>) {
    super();
    this.#sender = sender;
  }

  wait(bytes: Uint8Array, outbox: Outbox, broadcastTo: Session | undefined): boolean {
    if (!outbox.wait(this)) return false;
    this.bytes = bytes;
    this.#outbox = outbox;
    this.#isBroadcast = broadcastTo !== undefined;
    if (broadcastTo !== undefined) this.#sender.slowPeers?.waits(broadcastTo, outbox, this);
    return true;
  }

  leave(): void {
    this.#outbox?.cancel(this);
    this.#release();
    this.#left = true;
  }

  skip(): void {
    this.#outbox?.cancel(this);
    this.#release();
    this.#sender.left(false, false);
  }

  override taken(): void {
    if (this.#outbox !== undefined) this.#sender.slowPeers?.took(this.#outbox);
    this.#release();
    this.#sender.left(true, false);
  }

  override abandoned(reason: 'peer-down' | 'channel-not-open' | 'channel-closed'): void {
    this.#release();
    if (!this.#left) this.#sender.left(false, reason === 'channel-closed');
  }

  #release(): void {
    if (this.#outbox === undefined) return;
    if (this.#isBroadcast) this.#sender.slowPeers?.left(this.#outbox, this);
    this.bytes = nothing;
    this.#outbox = undefined;
  }
}
