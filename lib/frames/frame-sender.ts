import type { Subscription } from 'rxjs';
import { type Channel, type DirectEnvelope, Flow, type FlowSink, type NodeId } from '../index.ts';
import { pipeTo } from '../../operators/index.ts';

/** What has frames for a peer. */
export interface FrameSource<Frame> {
  /** The next frame; `undefined` if there is none at the moment. */
  takeFrame(): Frame | undefined;
  /** The channel does not take the last frame: it is too long. */
  notSent(error: unknown): void;
}

/**
 * The frames for one peer: a flow that `pipeTo` pulls as the peer's lane takes them. A frame is
 * made when its turn comes, so nothing waits here.
 */
export class FrameSender<Frame> {
  readonly #channel: Channel<Frame>;
  readonly #source: FrameSource<Frame>;
  readonly #envelopes: Flow<DirectEnvelope<Frame>>;
  #pipe: Subscription | undefined;
  #sink: FlowSink<DirectEnvelope<Frame>> | undefined;
  #isDraining = false;
  #isClosed = false;

  constructor(channel: Channel<Frame>, to: NodeId, source: FrameSource<Frame>) {
    this.#channel = channel;
    this.#source = source;
    this.#envelopes = new Flow((sink) => {
      this.#sink = sink;
      return {
        request: () => this.#drain(to),
        unsubscribe: () => {
          if (this.#sink === sink) this.#sink = undefined;
        },
      };
    });
    this.wake = () => this.#drain(to);
    this.#open();
  }

  /** The source has frames. */
  readonly wake: () => void;

  /** Stops sending. */
  close(): void {
    this.#isClosed = true;
    this.#pipe?.unsubscribe();
  }

  #open(): void {
    // A frame for a peer that has left must not wait for it: there will be another opening.
    this.#pipe = pipeTo(this.#channel, { absent: 'drop' })(this.#envelopes).subscribe({
      error: (error: unknown) => this.#failed(error),
      // The node says goodbye.
      complete: () => (this.#isClosed = true),
    });
  }

  /**
   * A pipe ends with its first error. That was about one frame, so the others go on in a new one.
   */
  #failed(error: unknown): void {
    if (this.#isClosed) return;
    this.#source.notSent(error);
    this.#open();
  }

  #drain(to: NodeId): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    while (!this.#isClosed && this.#sink !== undefined && this.#sink.wanted > 0) {
      const message = this.#source.takeFrame();
      if (message === undefined) break;
      this.#sink.next({ to, message });
    }
    this.#isDraining = false;
  }
}
