import { checkOptions, type OptionKind } from '../../model/check-options.ts';
import {
  type AfterBytes,
  anAmount,
  checkCounts,
  commonKinds,
  type Ending,
  FaultPlan,
  type Flood,
  type Towards,
} from './plan.ts';

/** What goes wrong with frames. Bytes and frames are counted per direction of each connection. */
export interface FrameFaults {
  /** Cuts the connection after this many bytes. A frame that is not complete by then is lost. */
  readonly cutAfterBytes?: AfterBytes;
  /** Cuts the connection after this many frames. */
  readonly cutAfterFrames?: AfterBytes;
  /** Shortens the frame in which this byte is, and closes the connection behind it. */
  readonly truncateAfterBytes?: AfterBytes;
  /** Flips one bit, on average once in this many bytes. */
  readonly flipEveryBytes?: number;
  /** Inserts frames of random bytes once, before the frame in which this byte is. */
  readonly flood?: Flood;
  /** The part of all dials that fail, from 0 to 1, with `RXMESH_DIAL_FAILED`. */
  readonly refuseDials?: number;
}

/** A fault of a transport as it happens. */
export interface FrameFault {
  readonly type: Ending | 'flip' | 'flood' | 'refuse';
  /** The connection, by number, in the order in which they were dialed or came in. */
  readonly connection: number;
  /** The direction: towards the listener, or back to the dialer. */
  readonly towards: Towards;
  /** How many bytes had come in that direction before. */
  readonly atBytes: number;
}

/** The frames that pass, in order, and whether anything follows. */
export interface PassedFrames {
  readonly frames: readonly Uint8Array[];
  /** How the connection ends here; undefined if it does not. */
  readonly ending: Ending | undefined;
}

const aPart: OptionKind = {
  what: 'a number from 0 to 1',
  accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
};

/** @throws {TypeError} or {RangeError} naming the first option that is wrong */
export function checkFrameFaults(faults: FrameFaults): void {
  const whose = 'faulty: faults';
  const cutAfterFrames = anAmount;
  checkOptions(whose, faults, { ...commonKinds, cutAfterFrames, refuseDials: aPart });
  const { flipEveryBytes } = faults;
  checkCounts(whose, { flipEveryBytes });
}

/** The faults of one direction of a connection that carries frames. */
export class FaultyFrames {
  readonly #plan: FaultPlan;
  readonly #report: (type: Ending, atBytes: number) => void;
  /** How many frames may still pass before a cut. */
  #framesLeft: number;
  #passedBytes = 0;

  constructor(
    faults: FrameFaults,
    seed: number,
    report: (type: Ending | 'flip' | 'flood', atBytes: number) => void,
  ) {
    this.#plan = new FaultPlan(faults, seed, report);
    this.#report = report;
    this.#framesLeft = this.#plan.draw(faults.cutAfterFrames);
  }

  /** Passes a frame on. After an ending, call it no more. */
  pass(frame: Uint8Array): PassedFrames {
    if (this.#framesLeft === 0) return { frames: [], ending: this.#endingByFrames() };
    const from = this.#passedBytes;
    const to = from + frame.length;
    this.#passedBytes = to;
    this.#framesLeft -= 1;
    const { flood } = this.#plan.floodBy(to);
    const kept = this.#kept(frame, from);
    const frames = kept === undefined ? flood : [...flood, this.#plan.flipped(kept, from)];
    return { frames, ending: this.#plan.endingBy(to) ?? this.#endingByFrames() };
  }

  /** What is left of a frame: a cut loses the one that it is in, and truncation a part of it. */
  #kept(frame: Uint8Array, from: number): Uint8Array | undefined {
    const { endAt, ending } = this.#plan;
    const length = Math.min(frame.length, endAt - from);
    if (length === frame.length) return frame;
    return ending === 'cut' || length === 0 ? undefined : frame.subarray(0, length);
  }

  #endingByFrames(): Ending | undefined {
    if (this.#framesLeft > 0) return undefined;
    this.#report('cut', this.#passedBytes);
    return 'cut';
  }
}
