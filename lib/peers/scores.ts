import type { PeerReport, Severity } from '../model/peer-report.ts';

/** The score of a persistent peer. All other scores are lower, but not below its negative. */
export const scoreMax = 32_767;

/** What a bad report subtracts from a peer's score. */
const costs: Readonly<Record<Severity, number>> = {
  note: 1,
  penalize: 10,
  disconnect: 10,
  ban: 100,
};

/** What a report adds to a peer's score: 1 for a good one, a negative number for a bad one. */
export function worthOf({ severity, good = false }: PeerReport): number {
  if (good) return 1;
  // The caller may be plain JavaScript, with an unknown severity.
  return Object.hasOwn(costs, severity) ? -costs[severity] : -costs.note;
}

/** Amounts and differences smaller than this count as zero. */
const precision = 2 ** -20;

/** A part of a score at a given time. It decays from then on. */
export interface Amount {
  readonly value: number;
  readonly atMs: number;
}

/** The amount before anything was reported. */
export const noAmount: Amount = { value: 0, atMs: 0 };

/** The position of an amount among others: see `Decay.standing`. */
export interface Standing {
  readonly sign: number;
  readonly size: number;
}

/**
 * Halves amounts with each half-life, so that old behaviour counts little.
 *
 * All amounts shrink by the same factor in the same time. So their order does not change as time
 * passes, and a ranking needs an update only where an amount has changed.
 */
export class Decay {
  readonly #halfLifeMs: number;

  /** @param halfLifeMs 0: amounts stay as they are */
  constructor(halfLifeMs: number) {
    this.#halfLifeMs = halfLifeMs;
  }

  /** The rest of an amount at the given time. */
  valueAt({ value, atMs }: Amount, nowMs: number): number {
    if (this.#halfLifeMs === 0 || value === 0) return value;
    return value * 2 ** ((atMs - nowMs) / this.#halfLifeMs);
  }

  /** Adds to the rest of an amount, within the bounds of a score. */
  plus(amount: Amount, more: number, nowMs: number): Amount {
    return { value: withinBounds(this.valueAt(amount, nowMs) + more), atMs: nowMs };
  }

  /**
   * The standing of an amount, which compares amounts of different times without the current time:
   * by sign, then by the logarithm of the value at time zero, which neither overflows nor vanishes.
   * Rounded, so that an error in the last digit does not separate two peers that did the same.
   */
  standing({ value, atMs }: Amount): Standing {
    if (Math.abs(value) < precision) return { sign: 0, size: 0 };
    const halfLives = this.#halfLifeMs === 0 ? 0 : atMs / this.#halfLifeMs;
    const size = Math.log2(Math.abs(value)) + halfLives;
    return { sign: Math.sign(value), size: Math.round(size / precision) * precision };
  }
}

/** Compares two standings: above 0 if `a` is the larger amount. */
export function compareStanding(a: Standing, b: Standing): number {
  return a.sign - b.sign || a.sign * (a.size - b.size);
}

/** Clamps a score to the range of peers that are not persistent. */
export function withinBounds(score: number): number {
  return Math.min(Math.max(score, -scoreMax), scoreMax - 1);
}
