import { aClock } from '../../flow/clock.ts';
import { aNumber, type OptionKind } from '../../model/check-options.ts';
import { mustBe } from '../../model/described.ts';
import { seededRandom } from '../seeded-random.ts';

/**
 * How many bytes pass before something happens: a number, or a range from which each direction of
 * each connection draws.
 */
export type AfterBytes = number | readonly [min: number, max: number];

/** Random bytes that are inserted once. */
export interface Flood {
  readonly afterBytes: AfterBytes;
  readonly bytes: number;
}

/** The direction: towards the listener, or back to the dialer. */
export type Towards = 'listener' | 'dialer';

/** How a direction ends: with an error, or as if its sender had closed it. */
export type Ending = 'cut' | 'truncate';

/** The faults that streams of bytes and of frames have in common. */
export interface CommonFaults {
  readonly cutAfterBytes?: AfterBytes;
  readonly truncateAfterBytes?: AfterBytes;
  readonly flipEveryBytes?: number;
  readonly flood?: Flood;
}

/** The random bytes of a flood are these, again and again. */
const floodPieceBytes = 65_536;

/** A number of bytes or frames, or a range of numbers. */
export const anAmount: OptionKind = {
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

const aTime: OptionKind = {
  what: 'a finite number of 0 or more (milliseconds)',
  accepts: (value) => Number.isFinite(value) && (value as number) >= 0,
};
const aRate: OptionKind = {
  what: 'a number above 0 (bytes per second)',
  accepts: (value) => typeof value === 'number' && value > 0,
};
const anObject: OptionKind = {
  what: 'an object',
  accepts: (value) => typeof value === 'object' && value !== null,
};

type Kinds<Name extends string> = Readonly<Record<Name, OptionKind>>;

/** The kinds of the options of a line with faults. */
export const lineKinds: Kinds<
  'latencyMs' | 'jitterMs' | 'bytesPerSecond' | 'faults' | 'seed' | 'clock'
> = {
  latencyMs: aTime,
  jitterMs: aTime,
  bytesPerSecond: aRate,
  faults: anObject,
  seed: aNumber,
  clock: aClock,
};

/** The kinds of `CommonFaults`. */
export const commonKinds: Kinds<keyof CommonFaults> = {
  cutAfterBytes: anAmount,
  truncateAfterBytes: anAmount,
  flipEveryBytes: aNumber,
  flood: aFlood,
};

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** @throws {RangeError} naming the first of these that is not an integer of at least 1 */
export function checkCounts(
  whose: string,
  counts: Readonly<Record<string, number | undefined>>,
): void {
  for (const [name, value] of Object.entries(counts)) {
    if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) continue;
    throw new RangeError(`${whose}: ${mustBe(name, 'an integer of at least 1', value)}`);
  }
}

/** The seed of one direction of a connection. */
export function seedOf(seed: number, connection: number, towards: Towards): number {
  return seed * 1_000_003 + connection * 4 + (towards === 'dialer' ? 2 : 0);
}

/** Where the faults of one direction of a connection are, by the bytes that pass. */
export class FaultPlan {
  /** How many bytes pass before the end; Infinity without one. */
  readonly endAt: number;
  readonly #faults: CommonFaults;
  readonly #report: (type: Ending | 'flip' | 'flood', atBytes: number) => void;
  // Each kind draws from its own numbers, so that the order in which kinds take turns, which
  // depends on the reads, does not matter.
  readonly #ends: () => number;
  readonly #flips: () => number;
  readonly #garbage: () => number;
  /** Random numbers for the sizes of fragments. */
  readonly sizes: () => number;
  #flipAt: number;
  #floodAt: number;
  /** How it ends there. */
  readonly ending: Ending;

  constructor(
    faults: CommonFaults,
    seed: number,
    report: (type: Ending | 'flip' | 'flood', atBytes: number) => void,
  ) {
    this.#faults = faults;
    this.#report = report;
    const random = seededRandom(seed);
    const own = (): (() => number) => seededRandom(Math.floor(random() * 2 ** 32));
    [this.#ends, this.#flips, this.#garbage, this.sizes] = [own(), own(), own(), own()];
    const cutAt = this.draw(faults.cutAfterBytes);
    const truncateAt = this.draw(faults.truncateAfterBytes);
    this.endAt = Math.min(cutAt, truncateAt);
    this.ending = cutAt <= truncateAt ? 'cut' : 'truncate';
    this.#floodAt = this.draw(faults.flood?.afterBytes);
    this.#flipAt = this.#nextFlip(0);
  }

  /** Draws from a range; Infinity for none. */
  draw(after: AfterBytes | undefined): number {
    if (after === undefined) return Infinity;
    const [min, max] = typeof after === 'number' ? [after, after] : after;
    return min + Math.floor(this.#ends() * (max - min + 1));
  }

  /** The bytes that pass from `from` on, with the bits flipped that are due. */
  flipped(bytes: Uint8Array, from: number): Uint8Array {
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

  /** Takes the flood and its place, if it is due within this many bytes; then there is none. */
  floodBy(passedBytes: number): {
    readonly flood: readonly Uint8Array[];
    readonly atBytes: number;
  } {
    const atBytes = this.#floodAt;
    if (atBytes > passedBytes || atBytes > this.endAt) return { flood: [], atBytes: passedBytes };
    this.#report('flood', atBytes);
    this.#floodAt = Infinity;
    const bytes = this.#faults.flood?.bytes ?? 0;
    const length = Math.min(bytes, floodPieceBytes);
    const garbage = Uint8Array.from({ length }, () => this.#garbage() * 256);
    const flood: Uint8Array[] = [];
    for (let rest = bytes; rest > 0; rest -= floodPieceBytes) {
      flood.push(garbage.subarray(0, rest));
    }
    return { flood, atBytes };
  }

  /** How the direction ends after this many bytes; undefined if it does not. */
  endingBy(passedBytes: number): Ending | undefined {
    if (passedBytes < this.endAt) return undefined;
    this.#report(this.ending, this.endAt);
    return this.ending;
  }

  /** From 0 to twice the distance asked for, so that the average is right. */
  #nextFlip(from: number): number {
    const { flipEveryBytes } = this.#faults;
    if (flipEveryBytes === undefined) return Infinity;
    return from + Math.floor(this.#flips() * 2 * flipEveryBytes);
  }
}
