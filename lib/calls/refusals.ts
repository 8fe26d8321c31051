import type { Frame } from './frame.ts';
import { type FrameQueue, FrameSource } from './frame-queue.ts';

/** How many refusals may wait for a peer that does not read. */
const refusalsMax = 4_096;

/** The `error` frames for calls that were refused before they took a place. */
export class Refusals extends FrameSource {
  readonly #queue: FrameQueue;
  readonly #frames: Frame[] = [];

  constructor(queue: FrameQueue) {
    super();
    this.#queue = queue;
  }

  /** Returns false if too many wait. */
  put(frame: Frame): boolean {
    if (this.#frames.length >= refusalsMax) return false;
    this.#frames.push(frame);
    this.#queue.add(this);
    return true;
  }

  // They are about different calls, so the newest may leave first, which costs the least.
  override takeFrame(): Frame | undefined {
    return this.#frames.pop();
  }

  override hasFrame(): boolean {
    return this.#frames.length > 0;
  }

  override notSent(): void {
    return undefined;
  }
}
