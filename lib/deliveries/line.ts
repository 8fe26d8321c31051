import type { Channel, NodeId, RxmeshError } from '../index.ts';
import { type FrameFeed, FrameSender } from '../frames/frame-sender.ts';
import type { Frame } from './frame.ts';
import type { Inbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';

/** The way to a peer that has the channel open: the frames of its outbox and its inbox. */
export class Line implements FrameFeed<Frame> {
  readonly #sender: FrameSender<Frame>;
  readonly #inbox: Inbox;
  readonly #notSent: (error: unknown) => RxmeshError;
  #outbox: Outbox | undefined;
  /** Whether the last frame was the inbox's. */
  #isInboxes = false;

  constructor(
    channel: Channel<Frame>,
    to: NodeId,
    inbox: Inbox,
    notSent: (error: unknown) => RxmeshError,
  ) {
    this.#inbox = inbox;
    this.#notSent = notSent;
    this.#sender = new FrameSender(channel, to, this);
    this.#sender.start();
  }

  get inbox(): Inbox {
    return this.#inbox;
  }

  get outbox(): Outbox | undefined {
    return this.#outbox;
  }

  readonly wake = (): void => this.#sender.wake();

  /** There are messages for the peer. */
  carry(outbox: Outbox): void {
    if (this.#outbox === outbox) return;
    this.#outbox = outbox;
    outbox.open(this.wake);
  }

  takeFrame(): Frame | undefined {
    const frame = this.#inbox.takeFrame();
    this.#isInboxes = frame !== undefined;
    return frame ?? this.#outbox?.takeFrame();
  }

  sent(): void {
    return undefined;
  }

  stopped(): void {
    return undefined;
  }

  notSent(error: unknown): void {
    if (this.#isInboxes) this.#inbox.notSent();
    else this.#outbox?.notSent(this.#notSent(error));
  }

  close(): void {
    this.#sender.close();
    this.#inbox.close();
    this.#outbox?.close();
  }
}
