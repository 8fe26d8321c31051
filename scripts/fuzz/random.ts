import { seededRandom } from '../../lib/testing/seeded-random.ts';

/** Deterministic random choices from a seed. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** The choices for one input. Each input has its own, so it can be reproduced alone. */
  static of(seed: number, index: number): Random {
    return new Random(Math.imul(seed ^ 0x2545f491, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  }

  /** An integer from 0 up to but not including `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** True with a probability of 1 in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** A list of `least` to `most` results of `make`. */
  list<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: least + this.below(most - least + 1) }, make);
  }

  /**
   * A number that stresses counts and lengths: usually small, sometimes at a boundary, sometimes
   * huge.
   */
  number(): number {
    if (!this.once(4)) return this.below(20);
    return this.pick([
      this.below(2 ** 16),
      this.below(2 ** 32),
      this.pick(borders),
      this.pick(borders) + this.below(3) - 1,
    ]);
  }
}

const borders = [
  1,
  0x7f,
  0x80,
  0x100,
  0x4000,
  0xffff,
  0x1_0000,
  0x20_0000,
  0x4000_0000,
  0x7fff_ffff,
  0x8000_0000,
  0xffff_ffff,
  0x1_0000_0000,
  2 ** 53,
] as const;
