import type { Subscription } from 'rxjs';
import type { Clock } from '../../flow/clock.ts';
import type { FaultyFrames } from './frames.ts';
import type { LineDirection } from './line.ts';

/** What a `Way` works with. */
export interface WayOptions {
  readonly clock: Clock;
  readonly line: LineDirection;
  readonly faults: FaultyFrames;
  /** Whether the far end can take another frame now. If not, call `flow` once it can. */
  readonly isReady: () => boolean;
  readonly deliver: (frame: Uint8Array) => void;
  /** What a fault does after the last frame. */
  readonly endings: { readonly cut: () => void; readonly truncate: () => void };
  /** Called when it may have room again. */
  readonly hasMoved: () => void;
}

/** Carries frames in one direction over a line with faults, in order, with a single timer. */
export class Way {
  readonly #options: WayOptions;
  /** Runs after the last frame. Set once nothing more can be put. */
  #end: (() => void) | undefined;
  #isFrozen = false;
  #isStopped = false;
  #isFlowing = false;
  #timer: Subscription | undefined;
  #timerAtMs = Infinity;

  constructor(options: WayOptions) {
    this.#options = options;
  }

  /** Whether the sender should wait. */
  get isFull(): boolean {
    return this.#isFrozen || this.#options.line.isFull(this.#options.clock.now());
  }

  /** When everything that it holds has arrived. */
  get emptyAtMs(): number {
    return this.#options.line.lastArrivalMs;
  }

  /** Takes a frame, even when full. */
  put(frame: Uint8Array): void {
    if (this.#end !== undefined || this.#isStopped) return;
    const { clock, line, faults, endings } = this.#options;
    const { frames, ending } = faults.pass(frame);
    for (const each of frames) line.putWhole(each, clock.now());
    if (ending === undefined) this.flow();
    else this.putEnd(endings[ending]);
  }

  /** Runs `end` after the last frame, and takes no more. Does nothing after another end. */
  putEnd(end: () => void): void {
    if (this.#end !== undefined || this.#isStopped) return;
    this.#end = end;
    this.#options.line.putEnd(this.#options.clock.now());
    this.flow();
  }

  /** Delivers what has arrived. */
  flow(): void {
    if (this.#isFlowing || this.#isStopped) return;
    this.#isFlowing = true;
    while (this.#deliverNext());
    this.#isFlowing = false;
    this.#options.hasMoved();
    this.#wait();
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#forget();
    this.#options.hasMoved();
  }

  thaw(): void {
    this.#isFrozen = false;
    this.flow();
  }

  /** Drops the frames that it holds. */
  clear(): void {
    this.#options.line.clear();
    this.#forget();
  }

  /** Carries nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.#forget();
  }

  #deliverNext(): boolean {
    const { clock, line, isReady, deliver } = this.#options;
    if (this.#isStopped || this.#isFrozen || !isReady()) return false;
    const frame = line.take(clock.now());
    if (frame === undefined) return false;
    if (frame === 'end') this.#end?.();
    else deliver(frame);
    return true;
  }

  /** Sets the timer for when the next frame arrives or the queue has room. */
  #wait(): void {
    if (this.#isStopped || this.#isFrozen) return;
    const { clock, line, isReady } = this.#options;
    const nowMs = clock.now();
    const arrivalMs = isReady() ? line.nextArrivalMs() : Infinity;
    const roomMs = line.isFull(nowMs) ? line.roomAtMs() : Infinity;
    const atMs = Math.min(arrivalMs, roomMs >= nowMs ? roomMs : Infinity);
    if (atMs >= this.#timerAtMs) return;
    this.#forget();
    this.#timerAtMs = atMs;
    this.#timer = clock.schedule(() => this.#wake(), Math.max(0, atMs - nowMs));
  }

  #wake(): void {
    this.#timerAtMs = Infinity;
    this.flow();
  }

  #forget(): void {
    this.#timer?.unsubscribe();
    this.#timerAtMs = Infinity;
  }
}
