/** An item of a `ReadyQueue`. */
export interface Ranked {
  /** Lower ranks are served first. */
  rank: number;
  /** Breaks ties between equal ranks: lower is served first. */
  order: number;
}

/** Whether `one` is served before `other`. */
export function isBefore(one: Ranked, other: Ranked): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.order < other.order);
}
