import { Frame, kinds } from './frame.ts';
import { FrameSource } from './frame-queue.ts';

/**
 * Cancels the calls that were made before the peer opened the channel. One that was still on its
 * way then has failed here, and must not run there.
 */
export class PastCalls extends FrameSource {
  #last: number;

  /** @param last the number of the last call that was made, to any peer; 0 if there is none */
  constructor(last: number) {
    super();
    this.#last = last;
  }

  override takeFrame(): Frame | undefined {
    if (this.#last === 0) return undefined;
    const frame = new Frame(kinds.cancel, this.#last);
    frame.isLast = true;
    this.#last = 0;
    return frame;
  }

  override hasFrame(): boolean {
    return this.#last > 0;
  }

  override notSent(): void {
    return undefined;
  }
}
