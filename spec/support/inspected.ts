import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A node with an inspector, in a process of its own: see `inspected-node.ts`. */
export interface Inspected {
  readonly name: string;
  readonly process: ChildProcess;
  readonly address: string;
  /** Of the page of its inspector. */
  readonly url: string;
}

/** Starts one; `known` is the address of another one. */
export async function startInspected(name: string, known?: string): Promise<Inspected> {
  const script = fileURLToPath(new URL('inspected-node.ts', import.meta.url));
  const started = fork(script, known === undefined ? [name] : [name, known], {
    execArgv: ['--conditions=source', '--import', 'tsx'],
  });
  const [told] = (await once(started, 'message')) as [{ address: string; url: string }];
  return { name, process: started, ...told };
}

/** Kills its process. */
export async function endInspected({ process: running }: Inspected): Promise<void> {
  if (running.exitCode !== null || running.signalCode !== null) return;
  running.kill('SIGKILL');
  await once(running, 'exit');
}
