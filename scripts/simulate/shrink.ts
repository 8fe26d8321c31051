import type { Options } from './options.ts';
import type { Result } from './run.ts';

/** How often a scenario is run again at most, to shrink it. */
export const shrinkRunsMax = 80;

const sizes = [2, 3, 4, 6, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];

/** A smaller scenario that breaks the same invariant. */
export interface Shrunk {
  readonly options: Options;
  readonly result: Result;
  /** How many scenarios were tried. */
  readonly runs: number;
}

/**
 * Shrinks a scenario while the same invariant breaks: less time, fewer nodes, none of some faults
 * or of the traffic, and then fewer single faults and messages.
 */
export function shrink(
  options: Options,
  result: Result,
  run: (options: Options) => Result,
): Shrunk {
  const search = new Search(options, result, run);
  // Small networks are fast, so they come first.
  sizes
    .filter((nodes) => nodes < options.nodes)
    .some((nodes) => search.tries({ nodes, knows: Math.min(options.knows, nodes - 1) }));
  search.tries({ traffic: 'none' });
  search.tries({ churn: 0 });
  search.tries({ partitions: 0 });
  search.tries({ freeze: 0 });
  search.tries({ dates: 0 });
  search.tries({ close: 0 });
  search.tries({ vanish: 0 });
  search.tries({ exchange: false });
  search.shorten();
  search.leaveOutSteps();
  return search.smallest;
}

class Search {
  smallest: Shrunk;
  readonly #run: (options: Options) => Result;
  readonly #invariant: string | undefined;

  constructor(options: Options, result: Result, run: (options: Options) => Result) {
    this.smallest = { options, result, runs: 0 };
    this.#invariant = result.firstBroken?.invariant;
    this.#run = run;
  }

  /** Changes the scenario, if the same invariant still breaks. */
  tries(change: Partial<Options>): boolean {
    const { runs } = this.smallest;
    if (runs >= shrinkRunsMax) return false;
    const options = { ...this.smallest.options, ...change };
    const result = this.#run(options);
    const isBroken = result.firstBroken?.invariant === this.#invariant;
    this.smallest = { ...(isBroken ? { options, result } : this.smallest), runs: runs + 1 };
    return isBroken;
  }

  /**
   * Ends the run when the invariant breaks, or after half of the time, as long as it does break.
   */
  shorten(): void {
    const { firstBroken } = this.smallest.result;
    const { minutes } = this.smallest.options;
    const upMinutes = Math.ceil((firstBroken?.upMs ?? Infinity) / 1000) / 60;
    if (upMinutes < minutes) this.tries({ minutes: upMinutes });
    while (this.smallest.options.minutes > 1 / 60) {
      if (!this.tries({ minutes: this.smallest.options.minutes / 2 })) break;
    }
  }

  /** Leaves out faults and messages: halves first, then quarters, down to single ones. */
  leaveOutSteps(): void {
    const { options, result } = this.smallest;
    let kept = options.only ?? Array.from({ length: result.steps }, (_, at) => at + 1);
    for (let size = Math.ceil(kept.length / 2); size >= 1;) {
      const before = kept.length;
      for (let at = 0; at < kept.length;) {
        const only = kept.toSpliced(at, size);
        if (this.tries({ only })) kept = only;
        else at += size;
      }
      // Single ones again, until none can be left out.
      if (size > 1) size = Math.floor(size / 2);
      else if (kept.length === before) break;
    }
  }
}
