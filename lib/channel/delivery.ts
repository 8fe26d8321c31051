import type { Subscriber } from 'rxjs';
import { RxmeshError } from '../model/error.ts';
import { waitingSendsMax, type Outbox, type WaitingSend } from '../session/outbox.ts';
import type { Session } from '../session/session.ts';
import type { SendReport } from './channel.ts';

/** One `send` under way: how many recipients have taken its message, and which it waits for. */
export class Delivery {
  readonly #subscriber: Subscriber<SendReport>;
  readonly #bytes: Uint8Array;
  readonly #channel: number;
  #accepted = 0;
  #dropped = 0;
  #failure: RxmeshError | undefined;
  #offered = false;
  /** Where it waits or has waited: mostly at one place, if at all. */
  #place: Place | undefined;
  #otherPlaces: Place[] | undefined;
  #waiting = 0;

  constructor(subscriber: Subscriber<SendReport>, channel: number, bytes: Uint8Array) {
    this.#subscriber = subscriber;
    this.#channel = channel;
    this.#bytes = bytes;
  }

  accepted(): void {
    this.#accepted += 1;
  }

  dropped(): void {
    this.#dropped += 1;
  }

  failed(error: RxmeshError): void {
    this.#failure ??= error;
  }

  /** Waits for room in a full `block` lane. */
  waitFor(session: Session, outbox: Outbox): void {
    const place = new Place(this, this.#bytes, outbox);
    if (outbox.wait(place)) {
      this.#waiting += 1;
      if (this.#place === undefined) this.#place = place;
      else (this.#otherPlaces ??= []).push(place);
      return;
    }
    const text = `more than ${waitingSendsMax} sends wait for one lane`;
    const about = { peer: session.id, channel: this.#channel };
    this.failed(new RxmeshError('RXMESH_OVERFLOW', text, about));
  }

  /** It has been offered to every recipient: tells what is known. */
  offered(): void {
    this.#offered = true;
    this.#settle();
  }

  /** Whether it waits for a lane. */
  get waits(): boolean {
    return this.#waiting > 0;
  }

  /** The subscriber has gone: no lane takes the message any more. */
  unsubscribe(): void {
    this.#place?.leave();
    this.#otherPlaces?.forEach((place) => place.leave());
  }

  left(taken: boolean, closed: boolean): void {
    this.#waiting -= 1;
    if (taken) this.#accepted += 1;
    else this.#dropped += 1;
    if (closed) {
      const text = `channel ${this.#channel} was closed while a send waited`;
      this.failed(new RxmeshError('RXMESH_CHANNEL_CLOSED', text, { channel: this.#channel }));
    }
    this.#settle();
  }

  #settle(): void {
    if (!this.#offered || this.#waiting > 0) return;
    if (this.#failure !== undefined) {
      this.#subscriber.error(this.#failure);
      return;
    }
    this.#subscriber.next({ accepted: this.#accepted, dropped: this.#dropped });
    this.#subscriber.complete();
  }
}

/** The place of one delivery among the sends that wait for one outbox. */
class Place implements WaitingSend {
  readonly bytes: Uint8Array;
  before: WaitingSend | undefined = undefined;
  after: WaitingSend | undefined = undefined;
  waits = false;
  seq = 0;
  readonly #outbox: Outbox;
  readonly #delivery: Delivery;

  constructor(delivery: Delivery, bytes: Uint8Array, outbox: Outbox) {
    this.#delivery = delivery;
    this.bytes = bytes;
    this.#outbox = outbox;
  }

  leave(): void {
    this.#outbox.cancel(this);
  }

  taken(): void {
    this.#delivery.left(true, false);
  }

  abandoned(reason: 'peer-down' | 'channel-not-open' | 'channel-closed'): void {
    this.#delivery.left(false, reason === 'channel-closed');
  }
}
