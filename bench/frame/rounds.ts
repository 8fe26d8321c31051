/**
 * Results of rounds: the figures of entrants that completed all of them, and why the rest failed.
 */
export interface Rounds<T> {
  readonly figures: ReadonlyMap<string, readonly T[]>;
  readonly failed: ReadonlyMap<string, string>;
}

/** How many rounds to run, and what to do before each turn. Every `Effort` has both. */
export interface Turns {
  readonly rounds: number;
  readonly beforeTurn: () => void;
}

/**
 * Runs each entrant once per round, one after the other: A B C A B C. Interference from the machine
 * then affects all of them, and figures with the same index are comparable.
 *
 * An entrant that fails is not run again and gets no figures: with a round missing, its figures
 * would be paired with the wrong rounds.
 */
export async function alternate<T>(
  entrants: ReadonlyMap<string, () => Promise<T>>,
  { rounds, beforeTurn }: Turns,
): Promise<Rounds<T>> {
  const figures = new Map<string, T[]>();
  const failed = new Map<string, string>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of entrants) {
      if (failed.has(name)) continue;
      beforeTurn();
      try {
        const figure = await run();
        figures.set(name, [...(figures.get(name) ?? []), figure]);
      } catch (error) {
        figures.delete(name);
        failed.set(name, reasonOf(error));
      }
    }
  }
  return { figures, failed };
}

/** How many slices make up a round, and how to combine their figures. */
export interface Slicing<T> {
  readonly slices: number;
  readonly join: (slices: readonly T[]) => T;
}

/**
 * Like `alternate`, with each round split into slices: every entrant runs one slice, then the next,
 * until the round is complete. Interference usually lasts a second or so, so this spreads it evenly
 * over the entrants of a round.
 */
export async function alternateSlices<T>(
  entrants: ReadonlyMap<string, () => Promise<T>>,
  { rounds, beforeTurn }: Turns,
  { slices, join }: Slicing<T>,
): Promise<Rounds<T>> {
  const { figures, failed } = await alternate(entrants, { rounds: rounds * slices, beforeTurn });
  const joined = new Map<string, readonly T[]>();
  for (const [name, all] of figures) {
    const roundOf = (_: unknown, round: number): T =>
      join(all.slice(round * slices, (round + 1) * slices));
    joined.set(name, Array.from({ length: rounds }, roundOf));
  }
  return { figures: joined, failed };
}

/** Slices per round, for measures where a slice leaves nothing behind that affects the next. */
export const slicesPerRound = 5;

/** A count and its duration. All other figures are per message. */
interface Counted {
  readonly count: number;
  readonly seconds: number;
}

/**
 * Combines runs into one: counts and seconds add up, figures per message are averaged over all
 * messages.
 */
export function joined<T extends Counted & Readonly<Record<keyof T, number>>>(
  runs: readonly T[],
): T {
  const sum = (of: (run: T) => number): number => runs.reduce((all, run) => all + of(run), 0);
  const count = sum((run) => run.count);
  const names = Object.keys(runs[0] ?? {}) as (keyof T)[];
  const means = names.map((name) => [name, sum((run) => run[name] * run.count) / count]);
  return { ...Object.fromEntries(means), count, seconds: sum((run) => run.seconds) } as T;
}

/** The first line of an error's message. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}

/** How long a run took. */
interface Run {
  readonly seconds: number;
}

/** Minimum and approximate maximum length of a warm-up. */
const [warmUpMs, warmUpMaxMs] = [1000, 5000];

/**
 * Warms up, and returns how many messages take about `roundMs`. Runs more and more of them until
 * the rate stops rising noticeably.
 *
 * @param first how many messages to start with
 */
export async function calibrate(
  run: (count: number) => Promise<Run>,
  first: number,
  roundMs: number,
): Promise<number> {
  const wanted = roundMs / 1000;
  let [count, ran, rateBefore] = [first, 0, 0];
  for (;;) {
    const { seconds } = await run(count);
    const rate = count / Math.max(seconds, 1e-6);
    ran += seconds;
    const isSteady = ran > warmUpMs / 1000 && rate < rateBefore * 1.2;
    if (isSteady || ran > warmUpMaxMs / 1000) {
      return Math.ceil(rate * wanted);
    }
    rateBefore = rate;
    count = Math.min(Math.ceil(rate * wanted), count * 4);
  }
}
