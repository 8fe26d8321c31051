import type { Subscription } from 'rxjs';
import { type Channel, type DirectEnvelope, Flow, type FlowSink, type NodeId } from '../index.ts';
import { pipeTo } from '../../operators/index.ts';
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
 * The frames for one peer: a flow that `pipeTo` pulls as the peer's lane takes them. Calls with
 * frames take turns, one frame each, so none holds up another. A frame is made when its turn comes,
 * so nothing waits here but the calls themselves.
 */
export class FrameQueue {
  readonly #ends: FrameSource = new Ends();
  readonly #channel: Channel<Frame>;
  readonly #to: NodeId;
  readonly #envelopes: Flow<DirectEnvelope<Frame>>;
  readonly #onStop: () => void;
  #pipe: Subscription | undefined;
  #sink: FlowSink<DirectEnvelope<Frame>> | undefined;
  /** The source of the last frame. */
  #last: FrameSource | undefined;
  #isDraining = false;
  #isClosed = false;

  /** @param onStop called when the channel takes no more frames: the node says goodbye */
  constructor(channel: Channel<Frame>, to: NodeId, onStop: () => void) {
    this.#channel = channel;
    this.#to = to;
    this.#onStop = onStop;
    this.#envelopes = new Flow((sink) => {
      this.#sink = sink;
      return {
        request: () => this.#drain(),
        unsubscribe: () => {
          if (this.#sink === sink) this.#sink = undefined;
        },
      };
    });
    this.#open();
  }

  /** Gives a source that has frames its turn. */
  add(source: FrameSource): void {
    if (source.after !== source || this.#isClosed) return;
    this.#append(source);
    this.#drain();
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
    this.#last = undefined;
    this.#pipe?.unsubscribe();
    for (let first = this.#ends.after; first !== this.#ends; first = this.#ends.after) {
      this.remove(first);
    }
  }

  #append(source: FrameSource): void {
    const { before } = this.#ends;
    source.before = before;
    source.after = this.#ends;
    before.after = source;
    this.#ends.before = source;
  }

  #open(): void {
    // Frames for a peer that has left must not wait for it: they are about calls that have ended.
    this.#pipe = pipeTo(this.#channel, { absent: 'drop' })(this.#envelopes).subscribe({
      error: (error: unknown) => this.#failed(error),
      complete: () => {
        if (!this.#isClosed) this.#onStop();
      },
    });
  }

  /**
   * A pipe ends with its first error. That was about one frame, so the others go on in a new one.
   */
  #failed(error: unknown): void {
    const last = this.#last;
    this.#last = undefined;
    if (last === undefined || this.#isClosed) return;
    this.#open();
    last.notSent(error);
  }

  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    while (this.#sink !== undefined && this.#sink.wanted > 0) {
      const source = this.#ends.after;
      if (source === this.#ends) break;
      this.remove(source);
      const message = source.takeFrame();
      if (source.hasFrame() && source.after === source && !this.#isClosed) this.#append(source);
      if (message === undefined) continue;
      this.#last = source;
      this.#emit(message);
      // If it was too long, the pipe has failed in the meantime.
      if (this.#last === source) source.sent();
    }
    this.#isDraining = false;
  }

  /** Making the frame may have closed the queue. */
  #emit(message: Frame): void {
    this.#sink?.next({ to: this.#to, message });
  }
}
