import { checkOptions, aNumber, type OptionKind } from '../../model/check-options.ts';
import { mustBe } from '../../model/described.ts';
import { seededRandom } from '../seeded-random.ts';

/**
 * How many bytes pass before something happens: a number, or a range from which each direction of
 * each connection draws.
 */
export type AfterBytes = number | readonly [min: number, max: number];

/** What goes wrong on a line. Bytes are counted in each direction of each connection. */
export interface TcpFaults {
  /** Resets the connection after this many bytes in one direction. */
  readonly cutAfterBytes?: AfterBytes;
  /** Ends the stream after this many bytes, as if its sender had closed it. The rest is lost. */
  readonly truncateAfterBytes?: AfterBytes;
  /** Flips one bit, on average once in this many bytes. */
  readonly flipEveryBytes?: number;
  /** Inserts random bytes, once. */
  readonly flood?: { readonly afterBytes: AfterBytes; readonly bytes: number };
  /** Passes at most this many bytes per turn of the event loop, a random number each time. */
  readonly fragmentBytesMax?: number;
}

/** A fault as it happens. */
export interface TcpFault {
  readonly type: 'cut' | 'truncate' | 'flip' | 'flood';
  /** The connection, by number, in the order in which they were made. */
  readonly connection: number;
  /** The direction: towards who listens, or back to who dialed. */
  readonly towards: 'listener' | 'dialer';
  /** How many bytes had come in that direction before. */
  readonly atBytes: number;
}

/** What passes on, in order, and whether anything follows. */
export interface Passed {
  readonly pieces: readonly Uint8Array[];
  /** How the stream ends here; undefined if it does not. */
  readonly ending: 'cut' | 'truncate' | undefined;
}

/** The random bytes of a flood are these, again and again. */
const floodPieceBytes = 65_536;

const anAmount: OptionKind = {
  what: 'a number of bytes, or a range of two, the lower one first',
  accepts: (value) => {
    const [min, max] = Array.isArray(value) ? (value as readonly unknown[]) : [value, value];
    return isCount(min) && isCount(max) && max >= min;
  },
};

const aFlood: OptionKind = {
  what: '{ afterBytes, bytes }',
  accepts: (value) => {
    const { afterBytes, bytes } = (value ?? {}) as Partial<Record<string, unknown>>;
    return anAmount.accepts(afterBytes) && isCount(bytes);
  },
};

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** @throws {TypeError} or {RangeError} naming the first option that is wrong */
export function checkFaults(faults: TcpFaults): void {
  checkOptions('TcpLine: faults', faults, {
    cutAfterBytes: anAmount,
    truncateAfterBytes: anAmount,
    flipEveryBytes: aNumber,
    flood: aFlood,
    fragmentBytesMax: aNumber,
  });
  for (const name of ['flipEveryBytes', 'fragmentBytesMax'] as const) {
    const value = faults[name];
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
    throw new RangeError(`TcpLine: faults: ${mustBe(name, 'an integer of at least 1', value)}`);
  }
}

/**
 * The faults of one direction of a connection. The same seed puts them at the same bytes, however
 * the bytes are cut into reads.
 */
export class FaultyStream {
  readonly #faults: TcpFaults;
  readonly #report: (type: TcpFault['type'], atBytes: number) => void;
  // Each kind draws from its own numbers, so that the order in which kinds take turns, which
  // depends on the reads, does not matter.
  readonly #ends: () => number;
  readonly #flips: () => number;
  readonly #garbage: () => number;
  readonly #sizes: () => number;
  #passedBytes = 0;
  #flipAt: number;
  #floodAt: number;
  readonly #endAt: number;
  readonly #ending: 'cut' | 'truncate';

  constructor(
    faults: TcpFaults,
    seed: number,
    report: (type: TcpFault['type'], atBytes: number) => void,
  ) {
    this.#faults = faults;
    this.#report = report;
    const random = seededRandom(seed);
    const own = (): (() => number) => seededRandom(Math.floor(random() * 2 ** 32));
    [this.#ends, this.#flips, this.#garbage, this.#sizes] = [own(), own(), own(), own()];
    const cutAt = this.#draw(faults.cutAfterBytes);
    const truncateAt = this.#draw(faults.truncateAfterBytes);
    this.#endAt = Math.min(cutAt, truncateAt);
    this.#ending = cutAt <= truncateAt ? 'cut' : 'truncate';
    this.#floodAt = this.#draw(faults.flood?.afterBytes);
    this.#flipAt = this.#nextFlip(0);
  }

  /** Passes bytes on. After an ending, call it no more. */
  pass(bytes: Uint8Array): Passed {
    const from = this.#passedBytes;
    const kept = Math.min(bytes.length, this.#endAt - from);
    this.#passedBytes = from + kept;
    const pieces = this.#flooded(this.#flipped(bytes.subarray(0, kept), from), from);
    if (from + bytes.length < this.#endAt)
      return { pieces: this.#cutUp(pieces), ending: undefined };
    this.#report(this.#ending, this.#endAt);
    return { pieces: this.#cutUp(pieces), ending: this.#ending };
  }

  #draw(after: AfterBytes | undefined): number {
    if (after === undefined) return Infinity;
    const [min, max] = typeof after === 'number' ? [after, after] : after;
    return min + Math.floor(this.#ends() * (max - min + 1));
  }

  /** From 0 to twice the distance asked for, so that the average is right. */
  #nextFlip(from: number): number {
    const { flipEveryBytes } = this.#faults;
    if (flipEveryBytes === undefined) return Infinity;
    return from + Math.floor(this.#flips() * 2 * flipEveryBytes);
  }

  #flipped(bytes: Uint8Array, from: number): Uint8Array {
    if (this.#flipAt >= from + bytes.length) return bytes;
    const flipped = new Uint8Array(bytes);
    while (this.#flipAt < from + bytes.length) {
      const at = this.#flipAt;
      flipped[at - from] = (flipped[at - from] ?? 0) ^ (1 << Math.floor(this.#flips() * 8));
      this.#report('flip', at);
      this.#flipAt = this.#nextFlip(at + 1);
    }
    return flipped;
  }

  #flooded(bytes: Uint8Array, from: number): readonly Uint8Array[] {
    const before = this.#floodAt - from;
    if (before > bytes.length || this.#floodAt > this.#endAt) return [bytes];
    this.#report('flood', this.#floodAt);
    this.#floodAt = Infinity;
    const garbage = Uint8Array.from({ length: floodPieceBytes }, () => this.#garbage() * 256);
    const pieces: Uint8Array[] = [bytes.subarray(0, before)];
    for (let rest = this.#faults.flood?.bytes ?? 0; rest > 0; rest -= floodPieceBytes) {
      pieces.push(garbage.subarray(0, rest));
    }
    return [...pieces, bytes.subarray(before)];
  }

  #cutUp(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
    const whole = pieces.filter(({ length }) => length > 0);
    const { fragmentBytesMax } = this.#faults;
    if (fragmentBytesMax === undefined) return whole;
    return whole.flatMap((piece) => this.#fragments(piece, fragmentBytesMax));
  }

  #fragments(piece: Uint8Array, bytesMax: number): readonly Uint8Array[] {
    const fragments: Uint8Array[] = [];
    for (let at = 0; at < piece.length; at += fragments.at(-1)?.length ?? 0) {
      const size = 1 + Math.floor(this.#sizes() * bytesMax);
      fragments.push(piece.subarray(at, at + size));
    }
    return fragments;
  }
}
