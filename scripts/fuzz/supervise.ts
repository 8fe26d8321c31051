import { fork } from 'node:child_process';
import { batchInputs } from './run.ts';
import type { Report, SourceName, WorkerMessage } from './serve.ts';

/** How long a worker may take to load everything, on a busy machine. */
const startMs = 120_000;
/** With guided inputs, a batch that reaches something new runs about as often again. */
const guidedRuns = 8;

/** The inputs assigned to a worker. */
export interface Work {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  /** Whether inputs follow what they reach. Default: no */
  readonly isGuided?: boolean;
}

/** How to run and watch a worker. */
export interface Supervision {
  /** The script of the worker, which calls `serve`. */
  readonly worker: string;
  /** A batch that takes longer counts as hanging. */
  readonly hangMs: number;
}

/** Where a worker was when it ended without a report, and the inputs of its last batch. */
interface Stop {
  readonly at: number;
  readonly inputs?: readonly string[];
}

/**
 * Runs a target in its own process. If a batch hangs or crashes the process, finds the input that
 * causes it.
 */
export async function supervised(work: Work, supervision: Supervision): Promise<Report> {
  const source = work.isGuided === true ? 'guided' : 'generated';
  const ended = await workerOn(work, { source, batch: batchInputs }, supervision);
  if (!('at' in ended)) return ended;
  const { at, inputs } = ended;
  const again =
    inputs === undefined
      ? { ...work, from: at, count: Math.min(batchInputs, work.from + work.count - at) }
      : { ...work, from: 0, count: inputs.length };
  const alone = await workerOn(again, { source: 'generated', inputs, batch: 1 }, supervision);
  if (!('at' in alone)) {
    if (alone.finding !== undefined) return alone;
    const text = `${again.count} inputs from here on hang, or end the process, but none does alone`;
    return reportOf(work, { index: at, text });
  }
  const hex = inputs?.[alone.at];
  const index = hex === undefined ? alone.at : at + alone.at;
  const text = 'it hangs, or ends the process';
  return reportOf(work, { index, text, ...(hex !== undefined && { hex }) });
}

function reportOf(
  { target, seed }: Work,
  found: Pick<NonNullable<Report['finding']>, 'index' | 'text' | 'hex'>,
): Report {
  const finding = { target, seed, ...found };
  return { inputs: 0, ms: 0, slowestMs: 0, grownBytes: 0, peakBytes: 0, outcomes: [], finding };
}

/** How a worker gets its inputs: by itself, or from its parent, in hex. */
interface Feed {
  readonly source: SourceName;
  readonly inputs?: readonly string[] | undefined;
  readonly batch: number;
}

/** Resolves to a worker's report, or to where it was if it ended without one. */
function workerOn(
  { target, seed, from, count }: Work,
  { source, inputs, batch }: Feed,
  { worker, hangMs }: Supervision,
): Promise<Report | Stop> {
  const args = [target, seed, from, count, batch, inputs === undefined ? source : 'given'];
  const execArgv = ['--conditions=source', '--import', 'tsx'];
  const child = fork(worker, args.map(String), { execArgv });
  if (inputs !== undefined) child.send(inputs);
  return new Promise((resolve) => {
    let stop: Stop = { at: from };
    let report: Report | undefined;
    const kill = (): boolean => child.kill('SIGKILL');
    const patienceMs = source === 'guided' ? guidedRuns * hangMs : hangMs;
    let timer = setTimeout(kill, startMs);
    child.on('message', (message: WorkerMessage) => {
      clearTimeout(timer);
      if ('report' in message) report = message.report;
      else stop = message;
      timer = setTimeout(kill, patienceMs);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(report ?? stop);
    });
  });
}
