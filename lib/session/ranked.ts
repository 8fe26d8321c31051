/** What stands in a `ReadyQueue`. */
export interface Ranked {
  /** Lower comes first. */
  rank: number;
  /** Lower comes first of those with the same rank. */
  order: number;
}

/** Whether `one` is served in front of `other`. */
export function isBefore(one: Ranked, other: Ranked): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}
