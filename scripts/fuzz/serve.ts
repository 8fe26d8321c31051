import { type Finding, fuzz } from './run.ts';
import type { Target } from './target.ts';

/** What a worker says. */
export type WorkerMessage = { readonly at: number } | { readonly report: Report };

/** A result, as it goes from process to process. */
export interface Report {
  readonly inputs: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly grownBytes: number;
  readonly outcomes: readonly (readonly [string, number])[];
  readonly finding?: Omit<Finding, 'input'> & { readonly hex?: string };
}

/**
 * Fuzzes one target: `<target> <seed> <from> <count> <batch>` are its arguments. It says where each
 * batch begins before it does, so that whoever started it knows which input is under way.
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
