import type { Channel, NodeId } from '../index.ts';
import { type FrameFeed, FrameSender } from '../frames/frame-sender.ts';
import type { Frame } from './frame.ts';

/** One half of a call, which has frames for the peer from time to time. */
export abstract class FrameSource {
  /** The neighbours in the queue; itself when it is not in one. */
  before: FrameSource = this;
  after: FrameSource = this;

  /** The next frame. `undefined` if there is none after all. */
  abstract takeFrame(): Frame | undefined;
  /** Whether there is another frame. */
  abstract hasFrame(): boolean;
  /** The channel does not take the last frame: it is too long. */
  abstract notSent(error: unknown): void;

  /** The channel has taken the last frame. */
  sent(): void {
    return undefined;
  }
}

/** The ends of the queue, in one. */
class Ends extends FrameSource {
  override takeFrame(): undefined {
    return undefined;
  }

  override hasFrame(): boolean {
    return false;
  }

  override notSent(): void {
    return undefined;
  }
}

/**
 * The frames for one peer. Calls with frames take turns, one frame each, so none holds up another.
 * Nothing waits here but the calls themselves.
 */
export class FrameQueue implements FrameFeed<Frame> {
  readonly #ends: FrameSource = new Ends();
  readonly #sender: FrameSender<Frame>;
  readonly #onStop: () => void;
  /** The source of the last frame. */
  #last: FrameSource = this.#ends;
  #isClosed = false;

  /** @param onStop called when the channel takes no more frames: the node says goodbye */
  constructor(channel: Channel<Frame>, to: NodeId, onStop: () => void) {
    this.#onStop = onStop;
    this.#sender = new FrameSender(channel, to, this);
  }

  /** Starts sending. `onStop` may be called before this returns. */
  start(): void {
    this.#sender.start();
  }

  /** Gives a source that has frames its turn. */
  add(source: FrameSource): void {
    if (source.after !== source || this.#isClosed) return;
    this.#append(source);
    this.#sender.wake();
  }

  /** Takes a source out. */
  remove(source: FrameSource): void {
    source.before.after = source.after;
    source.after.before = source.before;
    source.before = source;
    source.after = source;
  }

  /** Stops sending. */
  close(): void {
    this.#isClosed = true;
    this.#sender.close();
    for (let first = this.#ends.after; first !== this.#ends; first = this.#ends.after) {
      this.remove(first);
    }
  }

  takeFrame(): Frame | undefined {
    for (let source = this.#ends.after; source !== this.#ends; source = this.#ends.after) {
      this.remove(source);
      const frame = source.takeFrame();
      if (source.hasFrame() && source.after === source && !this.#isClosed) this.#append(source);
      if (frame === undefined) continue;
      this.#last = source;
      return frame;
    }
    return undefined;
  }

  sent(): void {
    this.#last.sent();
  }

  notSent(error: unknown): void {
    this.#last.notSent(error);
  }

  stopped(): void {
    this.#onStop();
  }

  #append(source: FrameSource): void {
    const { before } = this.#ends;
    source.before = before;
    source.after = this.#ends;
    before.after = source;
    this.#ends.before = source;
  }
}
