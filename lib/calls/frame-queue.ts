import type { Channel, NodeId } from '../index.ts';
import { type FrameFeed, FrameSender } from '../frames/frame-sender.ts';
import { Frame } from './frame.ts';

/** One half of a call, which has frames for the peer from time to time. */
export abstract class FrameSource {
  /** The neighbours in the queue; itself when it is not in one. */
  before: FrameSource = this;
  after: FrameSource = this;

  /**
   * The next frame. `undefined` if there is none after all.
   * @param valuesMax how many values it may carry
   */
  abstract takeFrame(valuesMax: number): Frame | undefined;
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

/** How many values share a frame at most. */
const sharedMax = 16;
/** On a channel with shorter messages, none do: they could be too long together. */
const sharedMessageBytesMin = 2_048;

/**
 * The frames for one peer. Calls with frames take turns, one frame each, so none holds up another.
 * Nothing waits here but the calls themselves, and the parts of a frame that was too long.
 */
export class FrameQueue implements FrameFeed<Frame> {
  readonly #ends: FrameSource = new Ends();
  readonly #sender: FrameSender<Frame>;
  readonly #onStop: () => void;
  /** The last frame, and its source. */
  #lastFrame: Frame | undefined;
  #last: FrameSource = this.#ends;
  /** How many values share a frame: one, for a peer that takes only short ones. */
  #valuesMax = sharedMax;
  /** The values of a frame that was too long for the peer, in frames of their own. */
  #parts: Frame[] = [];
  #isClosed = false;

  /**
   * @param messageBytesMax the longest message of the channel
   * @param onStop called when the channel takes no more frames: the node says goodbye
   */
  constructor(channel: Channel<Frame>, to: NodeId, messageBytesMax: number, onStop: () => void) {
    this.#onStop = onStop;
    if (messageBytesMax < sharedMessageBytesMin) this.#valuesMax = 1;
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
    this.#parts = [];
    this.#sender.close();
    for (let first = this.#ends.after; first !== this.#ends; first = this.#ends.after) {
      this.remove(first);
    }
  }

  takeFrame(): Frame | undefined {
    this.#lastFrame = this.#parts.length > 0 ? this.#parts.shift() : this.#takeTurn();
    return this.#lastFrame;
  }

  sent(): void {
    this.#last.sent();
  }

  notSent(error: unknown): void {
    const frame = this.#lastFrame;
    if (frame?.more !== undefined) {
      this.#valuesMax = 1;
      this.#parts = apart(frame);
      return;
    }
    // If it was a part, those behind it must not arrive without it.
    this.#parts = [];
    this.#last.notSent(error);
  }

  stopped(): void {
    this.#onStop();
  }

  #takeTurn(): Frame | undefined {
    for (let source = this.#ends.after; source !== this.#ends; source = this.#ends.after) {
      this.remove(source);
      const frame = source.takeFrame(this.#valuesMax);
      if (source.hasFrame() && source.after === source && !this.#isClosed) this.#append(source);
      if (frame === undefined) continue;
      this.#last = source;
      return frame;
    }
    return undefined;
  }

  #append(source: FrameSource): void {
    const { before } = this.#ends;
    source.before = before;
    source.after = this.#ends;
    before.after = source;
    this.#ends.before = source;
  }
}

/** The values of a frame, each in one of its own. */
function apart({ kind, call, payload, more = [], isLast }: Frame): Frame[] {
  const frames = [payload, ...more].map((value) => {
    const frame = new Frame(kind, call);
    frame.payload = value;
    return frame;
  });
  const last = frames.at(-1);
  if (last !== undefined) last.isLast = isLast;
  return frames;
}
