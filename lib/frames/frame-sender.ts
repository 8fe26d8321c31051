import type { Subscription } from 'rxjs';
import { type Channel, type DirectEnvelope, Flow, type FlowSink, type NodeId } from '../index.ts';
import { pipeTo } from '../../operators/index.ts';

/** What has frames for a peer. */
export interface FrameFeed<F> {
  /** The next frame; `undefined` if there is none at the moment. */
  takeFrame(): F | undefined;
  /** The channel has taken the last frame. */
  sent(): void;
  /** The channel does not take the last frame: it is too long. */
  notSent(error: unknown): void;
  /** The channel takes no more frames: the node says goodbye. */
  stopped(): void;
}

/**
 * The frames for one peer: a flow that `pipeTo` pulls as the peer's lane takes them. A frame is
 * made when its turn comes, so none waits here.
 */
export class FrameSender<F> {
  readonly #channel: Channel<F>;
  readonly #to: NodeId;
  readonly #feed: FrameFeed<F>;
  readonly #envelopes: Flow<DirectEnvelope<F>>;
  #pipe: Subscription | undefined;
  #sink: FlowSink<DirectEnvelope<F>> | undefined;
  /** Whether a frame has been sent in this pipe, with which it can have failed. */
  #hasSent = false;
  #isDraining = false;
  #isClosed = false;

  constructor(channel: Channel<F>, to: NodeId, feed: FrameFeed<F>) {
    this.#channel = channel;
    this.#to = to;
    this.#feed = feed;
    this.#envelopes = new Flow((sink) => {
      this.#sink = sink;
      return {
        request: () => this.wake(),
        unsubscribe: () => {
          if (this.#sink === sink) this.#sink = undefined;
        },
      };
    });
  }

  /** Starts sending. `stopped` may be called before this returns. */
  start(): void {
    this.#open();
  }

  /** The feed has frames. */
  wake(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    while (!this.#isClosed && this.#sink !== undefined && this.#sink.wanted > 0) {
      const frame = this.#feed.takeFrame();
      if (frame === undefined) break;
      this.#emit(frame);
      // If it was too long, the pipe has failed in the meantime.
      if (this.#hasSent) this.#feed.sent();
    }
    this.#isDraining = false;
  }

  /** Stops sending. */
  close(): void {
    this.#isClosed = true;
    this.#pipe?.unsubscribe();
  }

  #open(): void {
    // A frame for a peer that has left must not wait for it: it is about what has ended.
    this.#pipe = pipeTo(this.#channel, { absent: 'drop', tooLarge: 'fail' })(
      this.#envelopes,
    ).subscribe({
      error: (error: unknown) => this.#failed(error),
      complete: () => {
        if (this.#isClosed) return;
        this.#isClosed = true;
        this.#feed.stopped();
      },
    });
  }

  /**
   * A pipe ends with its first error. That was about one frame, so the others go on in a new one.
   */
  #failed(error: unknown): void {
    if (!this.#hasSent || this.#isClosed) return;
    this.#hasSent = false;
    this.#feed.notSent(error);
    this.#open();
  }

  /** Making the frame may have closed the sender. */
  #emit(message: F): void {
    this.#hasSent = true;
    this.#sink?.next({ to: this.#to, message });
  }
}
