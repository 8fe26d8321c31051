import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { FrameScanner } from './frame-scanner.ts';
import type { Turns, Waiting } from './turns.node.ts';

/** Frames of one socket that are handled at a stretch; then it is the others' turn. */
const framesPerVisitMax = 32;
/**
 * A read of so many bytes may be one of many in a turn: its time counts. A record of TLS has no
 * more.
 */
const largeReadBytes = 16_384;

/**
 * Reads at the beginning whose time counts, too: a handshake takes longer than any frame behind it.
 */
const firstReads = 4;

/** What an intake works with. */
export interface IntakeOptions {
  readonly ws: WebSocket;
  readonly stream: Socket;
  readonly turns: Turns;
  /** So many WebSocket pings and pongs have come. Returns whether that is in order. */
  readonly onControls: (count: number) => boolean;
}

/**
 * Stands between a TCP stream and ws, which handles all frames of a read at once. What a peer sends
 * is handed to ws as it comes, while that is little; beyond that, so many frames at a time, when it
 * is the socket's turn. Meanwhile the stream is held back: what waits is one read.
 */
export class Intake implements Waiting {
  readonly #ws: WebSocket;
  readonly #stream: Socket;
  readonly #turns: Turns;
  readonly #onControls: (count: number) => boolean;
  readonly #scanner = new FrameScanner();
  /** ws's own listener. */
  readonly #feed: (bytes: Buffer) => unknown;
  /** Reads that are not handled yet: one, but for a stream that is late to stop. */
  #reads: Buffer[] = [];
  /** How much of the first read was handed on, and scanned. */
  #at = 0;
  #scannedTo = 0;
  /** Whether it waits for its turn. */
  #isWaiting = false;
  /** Whether its reader wants nothing now. */
  #isPaused = false;
  #isStopped = false;
  #firstReads = firstReads;
  /** Frames of the turn that is counted as `#turn`. */
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
    // First: ws takes what a stream still holds at its end, all at once.
    stream.prependOnceListener('close', this.#onClose);
  }

  /** Stops (`true`) or resumes. */
  pause(paused: boolean): void {
    this.#isPaused = paused;
    if (!paused && this.#reads.length > 0 && !this.#isWaiting) this.#wait();
    this.#hold();
  }

  /** Hands nothing on any more: what comes is dropped. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#reads = [];
    this.#isPaused = false;
    this.#isWaiting = false;
    this.#hold();
  }

  visit(): boolean {
    const isMore = this.#visit();
    if (isMore) return true;
    this.#isWaiting = false;
    this.#hold();
    return false;
  }

  /** Hands on some of what was read. Returns whether there is more for the next turn. */
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
    this.#handOn(bytes);
    return this.#reads.length > 0 && !this.#isPaused;
  }

  readonly #onRead = (read: Buffer): void => {
    if (this.#isStopped) return;
    this.#reads.push(read);
    if (this.#reads.length > 1 || this.#isWaiting || this.#isPaused) return;
    const end = this.#scan(read);
    const { length } = read;
    const isLittle = end === length && (length < largeReadBytes || this.#turns.isLittle(length));
    if (this.#firstReads > 0) {
      this.#firstReads -= 1;
    } else if (isLittle && !this.#isMuch()) {
      this.#reads.pop();
      this.#scannedTo = 0;
      this.#handOn(read);
      return;
    }
    if (!this.#turns.isOpen || this.#turns.serve(this) || this.#isMuch()) this.#wait();
    this.#hold();
  };

  readonly #onClose = (): void => {
    this.stop();
    while (this.#stream.read() !== null) continue;
  };

  /** Whether it has brought more frames in this turn than it may. */
  #isMuch(): boolean {
    const { ended } = this.#turns;
    if (this.#turn !== ended) {
      this.#turn = ended;
      this.#frames = this.#scanner.frames;
    }
    if (this.#frames <= framesPerVisitMax) return false;
    if (this.#turns.awaitEnd()) return true;
    // They may be of many turns that nobody has counted. From now on they are of one.
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

  #handOn(bytes: Buffer): void {
    if (this.#isStopped) return;
    const scanner = this.#scanner;
    const { controls } = scanner;
    if (controls > 0) {
      scanner.controls = 0;
      if (!this.#onControls(controls)) return;
    }
    const isLast = scanner.isClosed;
    // ws keeps a piece until the message is whole, and with a view of the read all of it.
    this.#feed(scanner.isPiece ? copyOf(bytes) : bytes);
    if (isLast) this.stop();
  }

  #wait(): void {
    if (this.#isWaiting || this.#isStopped) return;
    this.#isWaiting = true;
    this.#turns.queue(this);
  }

  /** Has the stream read if that is in order now. */
  #hold(): void {
    const isHeld = this.#isPaused || this.#isWaiting || this.#reads.length > 0;
    if (isHeld === this.#ws.isPaused) return;
    if (isHeld) this.#ws.pause();
    else this.#ws.resume();
  }
}

/** What takes in frames for a `NodeSocket`. */
export type FrameIntake = Pick<Intake, 'pause' | 'stop'>;

/** Stands in front of ws; on a runtime whose ws reads no stream of Node's (Bun), it is left alone. */
export function intakeFor(options: IntakeOptions): FrameIntake {
  const { ws, stream } = options;
  const feed = stream.listeners('data').findLast(isListener);
  if (feed !== undefined) return new Intake(options, feed);
  return {
    pause: (paused) => (paused ? ws.pause() : ws.resume()),
    stop: () => undefined,
  };
}

/** A listener of a stream's reads. */
type Listener = (read: Buffer) => void;

function isListener(value: unknown): value is Listener {
  return typeof value === 'function';
}

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
