import { aNumber, checkOptions } from '../../model/check-options.ts';
import {
  type AfterBytes,
  checkCounts,
  commonKinds,
  type Ending,
  FaultPlan,
  type Flood,
  type Towards,
} from '../faulty/plan.ts';

/** What goes wrong on a line. Bytes are counted in each direction of each connection. */
export interface TcpFaults {
  /** Resets the connection after this many bytes in one direction. */
  readonly cutAfterBytes?: AfterBytes;
  /** Ends the stream after this many bytes, as if its sender had closed it. The rest is lost. */
  readonly truncateAfterBytes?: AfterBytes;
  /** Flips one bit, on average once in this many bytes. */
  readonly flipEveryBytes?: number;
  /** Inserts random bytes, once. */
  readonly flood?: Flood;
  /** Passes at most this many bytes per turn of the event loop, a random number each time. */
  readonly fragmentBytesMax?: number;
}

/** A fault as it happens. */
export interface TcpFault {
  readonly type: 'cut' | 'truncate' | 'flip' | 'flood';
  /** The connection, by number, in the order in which they were made. */
  readonly connection: number;
  /** The direction: towards the listener, or back to the dialer. */
  readonly towards: Towards;
  /** How many bytes had come in that direction before. */
  readonly atBytes: number;
}

/** What passes on, in order, and whether anything follows. */
export interface Passed {
  readonly pieces: readonly Uint8Array[];
  /** How the stream ends here; undefined if it does not. */
  readonly ending: Ending | undefined;
}

/** @throws {TypeError} or {RangeError} naming the first option that is wrong */
export function checkFaults(faults: TcpFaults): void {
  const whose = 'TcpLine: faults';
  checkOptions(whose, faults, { ...commonKinds, fragmentBytesMax: aNumber });
  const { flipEveryBytes, fragmentBytesMax } = faults;
  checkCounts(whose, { flipEveryBytes, fragmentBytesMax });
}

/**
 * The faults of one direction of a connection. The same seed puts them at the same bytes, however
 * the bytes are cut into reads.
 */
export class FaultyStream {
  readonly #fragmentBytesMax: number | undefined;
  readonly #plan: FaultPlan;
  #passedBytes = 0;

  constructor(
    faults: TcpFaults,
    seed: number,
    report: (type: TcpFault['type'], atBytes: number) => void,
  ) {
    this.#fragmentBytesMax = faults.fragmentBytesMax;
    this.#plan = new FaultPlan(faults, seed, report);
  }

  /** Passes bytes on. After an ending, call it no more. */
  pass(bytes: Uint8Array): Passed {
    const plan = this.#plan;
    const from = this.#passedBytes;
    const kept = Math.min(bytes.length, plan.endAt - from);
    this.#passedBytes = from + kept;
    const pieces = this.#flooded(plan.flipped(bytes.subarray(0, kept), from), from);
    const ending = plan.endingBy(from + bytes.length);
    return { pieces: this.#cutUp(pieces), ending };
  }

  #flooded(bytes: Uint8Array, from: number): readonly Uint8Array[] {
    const { flood, atBytes } = this.#plan.floodBy(from + bytes.length);
    const before = atBytes - from;
    return [bytes.subarray(0, before), ...flood, bytes.subarray(before)];
  }

  #cutUp(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
    const whole = pieces.filter(({ length }) => length > 0);
    const bytesMax = this.#fragmentBytesMax;
    if (bytesMax === undefined) return whole;
    return whole.flatMap((piece) => this.#fragments(piece, bytesMax));
  }

  #fragments(piece: Uint8Array, bytesMax: number): readonly Uint8Array[] {
    const fragments: Uint8Array[] = [];
    for (let at = 0; at < piece.length; at += fragments.at(-1)?.length ?? 0) {
      const size = 1 + Math.floor(this.#plan.sizes() * bytesMax);
      fragments.push(piece.subarray(at, at + size));
    }
    return fragments;
  }
}
