import { shortened } from '../frames/shown-error.ts';
import type { Frame } from './frame.ts';
import { type FrameQueue, FrameSource } from './frame-queue.ts';

/** How many refusals may wait for a peer that does not read. */
const refusalsMax = 4_096;

/** The `error` frames for calls that have no place: refused ones, and such with a long text. */
export class Refusals extends FrameSource {
  readonly #queue: FrameQueue;
  readonly #frames: Frame[] = [];
  #last: Frame | undefined;

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
    this.#last = this.#frames.pop();
    return this.#last;
  }

  override hasFrame(): boolean {
    return this.#frames.length > 0;
  }

  /** The peer takes shorter messages: half of the text may fit. */
  override notSent(): void {
    const frame = this.#last;
    if (frame === undefined || frame.reason + frame.text === '') return;
    if (frame.text === '') frame.reason = '';
    const { reason, text } = frame;
    const half = text.slice(0, Math.floor(text.length / 2));
    Object.assign(frame, shortened({ reason, text: half }));
    this.put(frame);
  }
}
