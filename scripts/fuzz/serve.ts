import { type Finding, fuzz } from './run.ts';
import type { Target } from './target.ts';

/** A message from a worker. */
export type WorkerMessage = { readonly at: number } | { readonly report: Report };

/** A result in the form that is sent between processes. */
export interface Report {
  readonly inputs: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly grownBytes: number;
  readonly outcomes: readonly (readonly [string, number])[];
  readonly finding?: Omit<Finding, 'input'> & { readonly hex?: string };
}

/**
 * Fuzzes one target. The arguments are `<target> <seed> <from> <count> <batch>`. Sends the start of
 * each batch before running it, so that the parent knows where the worker is.
 */
export async function serve(targetNamed: (name: string) => Target): Promise<void> {
  const [, , name = '', seed, from, count, batch] = process.argv;
  const inputs = { seed: Number(seed), from: Number(from), count: Number(count) };
  const { finding, outcomes, ...figures } = await fuzz(targetNamed(name), inputs, {
    onBatch: (at) => say({ at }),
    batch: Number(batch),
  });
  const report: Report = { ...figures, outcomes: [...outcomes] };
  say({ report: finding === undefined ? report : { ...report, finding: written(finding) } }, () =>
    process.exit(),
  );
}

function say(message: WorkerMessage, then: () => void = () => undefined): void {
  process.send?.(message, then);
}

function written({ input, ...rest }: Finding): NonNullable<Report['finding']> {
  return input === undefined ? rest : { ...rest, hex: Buffer.from(input).toString('hex') };
}
