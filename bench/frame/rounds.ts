/** What rounds gave: figures of each that went through all of them, and why others did not. */
export interface Rounds<T> {
  readonly figures: ReadonlyMap<string, readonly T[]>;
  readonly failed: ReadonlyMap<string, string>;
}

/** How often rounds are run, and what is done before each turn; an `Effort` has both. */
export interface Turns {
  readonly rounds: number;
  readonly beforeTurn: () => void;
}

/**
 * Runs each of them once a round, one after the other: A B C A B C. What the machine does besides
 * falls on all of them then, and figures with the same index can be compared.
 *
 * One that fails is not run again, and has no figures: those of fewer rounds would be pairs of
 * others.
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

/** How a round is cut: into so many slices, whose figures make that of the round. */
export interface Slicing<T> {
  readonly slices: number;
  readonly join: (slices: readonly T[]) => T;
}

/**
 * The same, with rounds in slices: each runs one slice, then each the next one, until the round is
 * full. A machine is busy with something else for a second or so at a time; that falls on all of a
 * round alike then.
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

/** Slices of a round, where what they leave behind does not matter. */
export const slicesPerRound = 5;

/** So many messages, and how long they took. Other figures are per message. */
interface Counted {
  readonly count: number;
  readonly seconds: number;
}

/** Runs as one: counts and seconds add up, what is per message is the mean over all messages. */
export function joined<T extends Counted & Readonly<Record<keyof T, number>>>(
  runs: readonly T[],
): T {
  const sum = (of: (run: T) => number): number => runs.reduce((all, run) => all + of(run), 0);
  const count = sum((run) => run.count);
  const names = Object.keys(runs[0] ?? {}) as (keyof T)[];
  const means = names.map((name) => [name, sum((run) => run[name] * run.count) / count]);
  return { ...Object.fromEntries(means), count, seconds: sum((run) => run.seconds) } as T;
}

/** The first line of what was thrown. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}

/** A run of so many messages, and how long it took. */
interface Run {
  readonly seconds: number;
}

/** What a contestant runs before it is measured, at least, and about at most. */
const [warmUpMs, warmUpMaxMs] = [1000, 5000];

/**
 * How many messages take about so long: runs more and more of them, until it is warm and does not
 * become much faster any more.
 *
 * @param first with how many it begins
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
