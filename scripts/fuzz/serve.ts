import { once } from 'node:events';
import { Guided, guidedBatchInputs } from './guided.ts';
import { type Finding, fuzz, type FuzzOptions } from './run.ts';
import type { Target } from './target.ts';

/** Where a worker takes its inputs from. */
export type SourceName = 'generated' | 'guided' | 'given';

/** A message from a worker: where it is, with the inputs if only the worker can make them. */
export type WorkerMessage =
  { readonly at: number; readonly inputs?: readonly string[] } | { readonly report: Report };

/** A result in the form that is sent between processes. */
export interface Report {
  readonly inputs: number;
  readonly ms: number;
  readonly slowestMs: number;
  readonly grownBytes: number;
  /** The most memory that the process has ever used. */
  readonly peakBytes: number;
  readonly outcomes: readonly (readonly [string, number])[];
  readonly finding?: Omit<Finding, 'input'> & { readonly hex?: string };
  /** With guided inputs: how many blocks of code ran, and how many inputs reached a new one. */
  readonly reached?: { readonly blocks: number; readonly kept: number };
}

/**
 * Fuzzes one target. The arguments are `<target> <seed> <from> <count> <batch> <source>`. Sends the
 * start of each batch before running it, so that the parent knows where the worker is. With the
 * source `given`, the parent sends the inputs first, as texts in hex. `isCounted` chooses the
 * scripts whose blocks guide; by default those of the project.
 */
export async function serve(
  targetNamed: (name: string) => Target,
  isCounted?: (url: string) => boolean,
): Promise<void> {
  const [, , name = '', seed, from, count, batch, source] = process.argv;
  const target = targetNamed(name);
  const inputs = { seed: Number(seed), from: Number(from), count: Number(count) };
  const guided = source === 'guided' ? new Guided(target, inputs.seed, isCounted) : undefined;
  const options: FuzzOptions =
    guided === undefined
      ? { onBatch: (at) => say({ at }), batch: Number(batch) }
      : guidedOptions(guided);
  const given = source === 'given' ? { source: await givenInputs() } : {};
  const result = await fuzz(target, inputs, { ...options, ...given });
  const { finding, outcomes, ...figures } = result;
  await say({
    report: {
      ...figures,
      peakBytes: process.resourceUsage().maxRSS * 1024,
      outcomes: [...outcomes],
      ...(finding && { finding: written(finding) }),
      ...(guided && { reached: { blocks: guided.blocks, kept: guided.corpus.length } }),
    },
  });
  process.exit();
}

/** Tells the parent each input, since the seed alone does not give it again. */
function guidedOptions(guided: Guided): FuzzOptions {
  return {
    source: guided,
    batch: guidedBatchInputs,
    onBatch: (at, count) =>
      say({ at, inputs: Array.from({ length: count }, (_, nth) => hexOf(guided.input(at + nth))) }),
  };
}

async function givenInputs(): Promise<{ readonly input: (index: number) => Uint8Array }> {
  const [texts] = (await once(process, 'message')) as [readonly string[]];
  return { input: (index) => new Uint8Array(Buffer.from(texts[index] ?? '', 'hex')) };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Resolves when the message has left the process, which may hang right after. */
function say(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, () => resolve());
  });
}

function written({ input, ...rest }: Finding): NonNullable<Report['finding']> {
  return input === undefined ? rest : { ...rest, hex: hexOf(input) };
}
