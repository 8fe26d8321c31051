import { fork } from 'node:child_process';
import { batchInputs } from './run.ts';
import type { Report, WorkerMessage } from './serve.ts';

/** The inputs assigned to a worker. */
export interface Work {
  readonly target: string;
  readonly seed: number;
  readonly from: number;
  readonly count: number;
}

/** How to run and watch a worker. */
export interface Supervision {
  /** The script of the worker, which calls `serve`. */
  readonly worker: string;
  /** A batch that takes longer counts as hanging. */
  readonly hangMs: number;
}

/**
 * Runs a target in its own process. If a batch hangs or crashes the process, finds the input that
 * causes it.
 */
export async function supervised(work: Work, supervision: Supervision): Promise<Report> {
  const ended = await workerOn(work, batchInputs, supervision);
  if (typeof ended !== 'number') return ended;
  const count = Math.min(batchInputs, work.from + work.count - ended);
  const alone = await workerOn({ ...work, from: ended, count }, 1, supervision);
  if (typeof alone !== 'number' && alone.finding !== undefined) return alone;
  const isFound = typeof alone === 'number';
  const index = isFound ? alone : ended;
  const text = isFound
    ? 'it hangs, or ends the process'
    : `${count} inputs from here on hang, or end the process, but none does alone`;
  const finding = { target: work.target, seed: work.seed, index, text };
  return { inputs: 0, ms: 0, slowestMs: 0, grownBytes: 0, outcomes: [], finding };
}

/** Resolves to a worker's report, or to the start of its last batch if it ended without one. */
function workerOn(
  { target, seed, from, count }: Work,
  batch: number,
  { worker, hangMs }: Supervision,
): Promise<Report | number> {
  const args = [target, seed, from, count, batch].map(String);
  const child = fork(worker, args, { execArgv: ['--conditions=source', '--import', 'tsx'] });
  return new Promise((resolve) => {
    let at = from;
    let report: Report | undefined;
    const kill = (): boolean => child.kill('SIGKILL');
    let timer = setTimeout(kill, hangMs);
    child.on('message', (message: WorkerMessage) => {
      clearTimeout(timer);
      if ('report' in message) report = message.report;
      else at = message.at;
      timer = setTimeout(kill, hangMs);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(report ?? at);
    });
  });
}
