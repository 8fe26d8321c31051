import { PassThrough } from 'node:stream';
import { run } from '../../lib/cli/run.node.ts';
import type { StopReason } from '../../lib/cli/terminal.node.ts';

/** The program, run in this process, with pipes for its input and outputs. */
export class Running {
  readonly input = new PassThrough();
  /** Its exit code. */
  readonly ended: Promise<number>;
  output = '';
  errors = '';
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<() => void>();

  constructor(...args: readonly string[]) {
    const output = new PassThrough();
    const errors = new PassThrough();
    output.on('data', (chunk: Buffer) => this.#more(() => (this.output += chunk.toString())));
    errors.on('data', (chunk: Buffer) => this.#more(() => (this.errors += chunk.toString())));
    const { input } = this;
    const { signal } = this.#stopping;
    this.ended = run(args, { input, output, errors, env: {}, signal });
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  /** Resolves with the first group of the pattern when one of the outputs matches it. */
  prints(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(this.output) ?? pattern.exec(this.errors);
        if (found === null) return;
        this.#listeners.delete(look);
        resolve(found[1] ?? found[0]);
      };
      this.#listeners.add(look);
      void this.ended.then(() => {
        reject(new Error(`ended without ${String(pattern)}:\n${this.output}${this.errors}`));
      });
      look();
    });
  }

  stop(reason: StopReason = 'SIGINT'): Promise<number> {
    this.#stopping.abort(reason);
    return this.ended;
  }

  #more(add: () => void): void {
    add();
    for (const listener of [...this.#listeners]) listener();
  }
}

const running = new Set<Running>();

/** Stops what a test has left running. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((each) => each.stop()));
}

/** Text without what differs each time: IDs, ports, times. */
export function masked(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{40}\b/g, '<id>')
    .replaceAll(/\b[0-9a-f]{8}\b/g, '<name>')
    .replaceAll(/(127\.0\.0\.1[:, port]*)\d+/g, '$1<port>')
    .replaceAll(/\d+\.\d+(?= ms|,|$)/gm, '<n>')
    .replaceAll(/("\w+Ms":)[\d.]+/g, '$1<n>');
}

/** A table without what differs each time: IDs, numbers, and so the width of columns. */
export function shape(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{40}\b/g, '<id>')
    .replaceAll(/\b(?=\w*\d)[0-9a-f]{8}\b/g, '<name>')
    .replaceAll(/(?<=127\.0\.0\.1:)\d+/g, '<port>')
    .replaceAll(/(?<=^| )(?:[\d,]+(?:\.\d+)?|–)(?= |$)(?! \(0x)/gm, '<n>')
    .replaceAll(/<n> ms/g, '<n>')
    .replaceAll(/ {2,}/g, '  ');
}

/** An address where nothing listens. */
export const nowhere: string = `ws://${'0'.repeat(40)}@127.0.0.1:1`;

/** The line with which a node says where its inspector is. */
export const pageLine: RegExp = /^(http:.*token=.*)$/m;

/** An address of a node. */
export const addressLine: RegExp = /(ws:\/\/[0-9a-f]{40}@127\.0\.0\.1:\d+)/;

/** Runs a command to its end. */
export async function outcome(
  ...args: readonly string[]
): Promise<Pick<Running, 'output' | 'errors'>> {
  const program = new Running(...args);
  program.input.end();
  const code = await program.ended;
  return { output: masked(program.output), errors: `${masked(program.errors)}exit ${code}` };
}
