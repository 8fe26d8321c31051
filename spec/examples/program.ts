import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { jest } from '@jest/globals';

/** An example that runs as a process. */
export interface Program {
  readonly pid: number;
  /** What it has printed until now, on both of its outputs. */
  readonly output: string;
  /** Resolves with its output when that matches; rejects when it ends or 30 s pass without. */
  prints(pattern: RegExp): Promise<string>;
  /** Types a line. */
  type(line: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with its exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const root = new URL('../../', import.meta.url);
const limitMs = 30_000;
// A program takes about a second to start, and several on a machine that is busy.
jest.setTimeout(2 * limitMs);
const running = new Set<Program>();

/** Runs an example from its source, as its first comment says. */
export function run(file: string, ...args: readonly string[]): Program {
  return runFile(`examples/${file}`, ...args);
}

/** Runs any file of this package; its path is from the root. */
export function runFile(file: string, ...args: readonly string[]): Program {
  const flags = ['--conditions=source', '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, file, ...args], { cwd: root });
  let output = '';
  const listeners = new Set<() => void>();
  const more = (text: Buffer): void => {
    output += text.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', more);
  child.stderr.on('data', more);
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);

  const program: Program = {
    pid: child.pid ?? 0,
    get output() {
      return output;
    },
    prints(pattern) {
      return new Promise((resolve, reject) => {
        const settle = (what: () => void): void => {
          clearTimeout(limit);
          listeners.delete(look);
          what();
        };
        const fail = (why: string): void =>
          settle(() => reject(new Error(`${file} ${why} without ${String(pattern)}:\n${output}`)));
        const limit = setTimeout(() => fail(`ran for ${limitMs} ms`), limitMs);
        const look = (): void => {
          if (pattern.test(output)) settle(() => resolve(output));
        };
        listeners.add(look);
        void ended.then(() => fail('ended'));
        look();
      });
    },
    type: (line) => void child.stdin.write(`${line}\n`),
    kill: (signal) => void child.kill(signal),
    ended,
  };
  running.add(program);
  void ended.then(() => running.delete(program));
  return program;
}

/** Kills what a test has left running. */
export async function endAll(): Promise<void> {
  const left = [...running];
  for (const program of left) program.kill('SIGKILL');
  await Promise.all(left.map(({ ended }) => ended));
}

/** Whether a process of this id exists. */
export function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
