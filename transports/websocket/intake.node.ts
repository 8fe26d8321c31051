import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { FrameScanner } from './frame-scanner.ts';
import type { Turns, Waiting } from '../../lib/transport/turns.ts';

/** How many frames of one socket are handled before others get their turn. */
const framesPerVisitMax = 32;
/**
 * A read of this size may be one of many in a turn, so its time counts. A TLS record is no larger.
 */
const largeReadBytes = 16_384;

/** How many reads at the start count as well: a handshake takes longer than any frame after it. */
const firstReads = 4;

/** Options of an `Intake`. */
export interface IntakeOptions {
  readonly ws: WebSocket;
  readonly stream: Socket;
  readonly turns: Turns;
  /**
   * Called when this many WebSocket pings and pongs have arrived. Returns whether they are allowed.
   */
  readonly onControls: (count: number) => boolean;
}

/**
 * Sits between a TCP stream and ws, which would handle all frames of a read at once. While a peer
 * sends little, its data goes straight to ws. Beyond that, a limited number of frames is passed on
 * whenever it is the socket's turn. Meanwhile the stream is paused, so only one read is buffered.
 */
export class Intake implements Waiting {
  readonly #ws: WebSocket;
  readonly #stream: Socket;
  readonly #turns: Turns;
  readonly #onControls: (count: number) => boolean;
  readonly #scanner = new FrameScanner();
  /** The listener that ws had registered. */
  readonly #feed: (bytes: Buffer) => unknown;
  /** Reads not handled yet: usually one, unless the stream takes a moment to pause. */
  #reads: Buffer[] = [];
  /** How far the first read has been passed on (`#at`) and scanned (`#scannedTo`). */
  #at = 0;
  #scannedTo = 0;
  /** Whether it is queued for a turn. */
  #isWaiting = false;
  /** Whether its reader has paused it. */
  #isPaused = false;
  #isStopped = false;
  #firstReads = firstReads;
  /** How many frames arrived in the turn `#turn`. */
  #frames = 0;
  #turn = 0;

  constructor({ ws, stream, turns, onControls }: IntakeOptions, feed: Listener) {
    this.#ws = ws;
    this.#stream = stream;
    this.#turns = turns;
    this.#onControls = onControls;
    this.#feed = (bytes) => Reflect.apply(feed, stream, [bytes]);
    stream.off('data', feed);
    stream.on('data', this.#onRead);
    // Before ws's own listener, which would read all that the stream still holds in one go.
    stream.prependOnceListener('close', this.#onClose);
  }

  /** Pauses (`true`) or resumes. */
  pause(paused: boolean): void {
    this.#isPaused = paused;
    if (!paused && this.#reads.length > 0 && !this.#isWaiting) this.#wait();
    this.#updatePause();
  }

  /** Stops for good: whatever arrives is dropped. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#reads = [];
    this.#isPaused = false;
    this.#isWaiting = false;
    this.#updatePause();
  }

  visit(): boolean {
    const isMore = this.#visit();
    if (isMore) return true;
    this.#isWaiting = false;
    this.#updatePause();
    return false;
  }

  /** Passes on some of what was read. Returns whether there is more for the next turn. */
  #visit(): boolean {
    const read = this.#reads[0];
    if (this.#isPaused || read === undefined) return false;
    const end = this.#scannedTo > this.#at ? this.#scannedTo : this.#scan(read);
    const bytes = read.subarray(this.#at, end);
    this.#at = end;
    if (end === read.length) {
      this.#reads.shift();
      this.#at = 0;
      this.#scannedTo = 0;
    }
    this.#passOn(bytes);
    return this.#reads.length > 0 && !this.#isPaused;
  }

  readonly #onRead = (read: Buffer): void => {
    if (this.#isStopped) return;
    this.#reads.push(read);
    if (this.#reads.length > 1 || this.#isWaiting || this.#isPaused) return;
    const end = this.#scan(read);
    const { length } = read;
    const isSmall = end === length && (length < largeReadBytes || this.#turns.isSmall(length));
    if (this.#firstReads > 0) {
      this.#firstReads -= 1;
    } else if (isSmall && !this.#isOverQuota()) {
      this.#reads.pop();
      this.#scannedTo = 0;
      this.#passOn(read);
      return;
    }
    if (!this.#turns.isOpen || this.#turns.serve(this) || this.#isOverQuota()) this.#wait();
    this.#updatePause();
  };

  readonly #onClose = (): void => {
    this.stop();
    while (this.#stream.read() !== null) continue;
  };

  /** Whether this socket has brought more frames in this turn than it may. */
  #isOverQuota(): boolean {
    const { endedCount } = this.#turns;
    if (this.#turn !== endedCount) {
      this.#turn = endedCount;
      this.#frames = this.#scanner.frames;
    }
    if (this.#frames <= framesPerVisitMax) return false;
    if (this.#turns.awaitEnd()) return true;
    // They may be from several turns, since no one was counting. From now on, turns are counted.
    this.#frames = this.#scanner.frames;
    return false;
  }

  #scan(read: Buffer): number {
    const scanner = this.#scanner;
    const end = scanner.scan(read, this.#at, framesPerVisitMax);
    this.#scannedTo = end;
    this.#frames += scanner.frames;
    return end;
  }

  #passOn(bytes: Buffer): void {
    if (this.#isStopped) return;
    const scanner = this.#scanner;
    const { controls } = scanner;
    if (controls > 0) {
      scanner.controls = 0;
      if (!this.#onControls(controls)) return;
    }
    const isLast = scanner.isClosed;
    // ws keeps a fragment until its message is complete, and a view would keep the whole read
    // alive.
    this.#feed(scanner.isPiece ? copyOf(bytes) : bytes);
    if (isLast) this.stop();
  }

  #wait(): void {
    if (this.#isWaiting || this.#isStopped) return;
    this.#isWaiting = true;
    this.#turns.queue(this);
  }

  /** Pauses or resumes the stream, as appropriate now. */
  #updatePause(): void {
    const isHeld = this.#isPaused || this.#isWaiting || this.#reads.length > 0;
    if (isHeld === this.#ws.isPaused) return;
    if (isHeld) this.#ws.pause();
    else this.#ws.resume();
  }
}

/** The intake of a `NodeSocket`. */
export type FrameIntake = Pick<Intake, 'pause' | 'stop'>;

/**
 * Creates an intake in front of ws. If ws does not read a Node stream (on Bun), it is left alone.
 */
export function intakeFor(options: IntakeOptions): FrameIntake {
  const { ws, stream } = options;
  const feed = stream.listeners('data').findLast(isListener);
  if (feed !== undefined) return new Intake(options, feed);
  return {
    pause: (paused) => (paused ? ws.pause() : ws.resume()),
    stop: () => undefined,
  };
}

/** A listener for data of a stream. */
type Listener = (read: Buffer) => void;

function isListener(value: unknown): value is Listener {
  return typeof value === 'function';
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
