import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const root = new URL('../../', import.meta.url);
const main = ['--conditions=source', '--import', 'tsx', 'lib/cli/main.node.ts'];
const limitMs = 60_000;

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * The program as a process: in a pseudo-terminal, which `script` of util-linux provides, or a
 * shell.
 */
export class Process {
  readonly #child: ChildProcess;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  /** What it has printed; in a terminal, both outputs are one. */
  output = '';

  private constructor(command: string, args: readonly string[], env: Record<string, string>) {
    const clean = Object.entries(process.env).filter(
      ([name]) => !/^(?:NO_COLOR|FORCE_)/.test(name),
    );
    this.#child = spawn(command, args, {
      cwd: root,
      env: { ...Object.fromEntries(clean), TERM: 'xterm', ...env },
      // A process group of its own, so that all of a pipeline can be killed.
      detached: true,
    });
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  static inTerminal(args: readonly string[], env: Record<string, string> = {}): Process {
    const command = ['exec', process.execPath, ...main, ...args].map(quoted).join(' ');
    // `exec` so that Ctrl-C reaches the program and nothing else.
    const line = command.replace("'exec'", 'exec');
    return new Process('script', ['--quiet', '--return', '--command', line, '/dev/null'], env);
  }

  /** In a pipeline of a shell; `rxmesh` in it stands for the program. */
  static inShell(pipeline: string): Process {
    const program = [process.execPath, ...main].map(quoted).join(' ');
    const script = `rxmesh() { ${program} "$@"; }; set -o pipefail; ${pipeline}`;
    return new Process('bash', ['-c', script], {});
  }

  /** Types into the terminal; `\u0003` is Ctrl-C. */
  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  kill(): void {
    const { pid, exitCode } = this.#child;
    if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
  }

  /** Resolves with the first group of the pattern when the output matches it. */
  async prints(pattern: RegExp): Promise<string> {
    const { stdout, stderr } = this.#child;
    const limit = AbortSignal.timeout(limitMs);
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found[1] ?? found[0];
      if (this.#child.exitCode !== null) throw new Error(`ended with:\n${this.output}`);
      if (stdout === null || stderr === null) throw new Error('no pipes');
      const waited = new AbortController();
      const signal = AbortSignal.any([limit, waited.signal]);
      await Promise.race([
        once(stdout, 'data', { signal }),
        once(stderr, 'data', { signal }),
        once(this.#child, 'close', { signal }),
      ]);
      waited.abort();
    }
  }
}
