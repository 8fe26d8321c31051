import type { PeerReport, Severity } from '../model/peer-report.ts';

/** The score of a persistent peer. All others are lower, and no score is below its negative. */
export const scoreMax = 32_767;

/** What a bad report takes from a peer's score. */
const costs: Readonly<Record<Severity, number>> = {
  note: 1,
  penalize: 10,
  disconnect: 10,
  ban: 100,
};

/** What a report adds to a peer's score: 1 for a good one, less than nothing for a bad one. */
export function worthOf({ severity, good = false }: PeerReport): number {
  if (good) return 1;
  // The caller may be plain JavaScript, with a severity of its own.
  return Object.hasOwn(costs, severity) ? -costs[severity] : -costs.note;
}

/** What is smaller than this makes no difference. */
const precision = 2 ** -20;

/** A part of a score, as it was at some time. It decays from then on. */
export interface Amount {
  readonly value: number;
  readonly atMs: number;
}

/** Nothing that anybody did. */
export const noAmount: Amount = { value: 0, atMs: 0 };

/** Where an amount stands among others: see `Decay.standing`. */
export interface Standing {
  readonly sign: number;
  readonly size: number;
}

/**
 * Amounts that lose half of their value with each half-life, so that what a peer did long ago
 * counts for little.
 *
 * All of them shrink by the same factor in the same time. So their order does not change with time,
 * and a ranking has to be mended only where an amount was changed.
 */
export class Decay {
  readonly #halfLifeMs: number;

  /** @param halfLifeMs 0: amounts stay as they are */
  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  /** What is left of an amount. */
  valueAt({ value, atMs }: Amount, nowMs: number): number {
    if (this.#halfLifeMs === 0 || value === 0) return value;
    return value * 2 ** ((atMs - nowMs) / this.#halfLifeMs);
  }

  /** An amount with something added to what is left of it, within the bounds of a score. */
  plus(amount: Amount, more: number, nowMs: number): Amount {
    return { value: withinBounds(this.valueAt(amount, nowMs) + more), atMs: nowMs };
  }

  /**
   * Orders amounts of different times without a look at the clock: by their sign, then by the
   * logarithm of what they would be at time zero, which neither overflows nor vanishes. Both are
   * rounded: of two peers that did the same, no error of the last digit makes one the better.
   */
  standing({ value, atMs }: Amount): Standing {
    if (Math.abs(value) < precision) return { sign: 0, size: 0 };
    const halfLives = this.#halfLifeMs === 0 ? 0 : atMs / this.#halfLifeMs;
    const size = Math.log2(Math.abs(value)) + halfLives;
    return { sign: Math.sign(value), size: Math.round(size / precision) * precision };
  }
}

/** More than 0 when `a` is the larger amount. */
export function compareStanding(a: Standing, b: Standing): number {
  return a.sign - b.sign || a.sign * (a.size - b.size);
}

/** A score that no persistent peer has. */
export function withinBounds(score: number): number {
  return Math.min(Math.max(score, -scoreMax), scoreMax - 1);
}
