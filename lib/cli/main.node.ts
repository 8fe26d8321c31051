#!/usr/bin/env node
/** The program `rxmesh`: see docs/cli.md. */
import process from 'node:process';
import { run } from './run.node.ts';
import type { StopReason } from './terminal.node.ts';

const stopping = new AbortController();
const stop = (reason: StopReason): void => stopping.abort(reason);

// Once, so that a second Ctrl-C ends the process whatever it is doing.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop(name));
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // As with `rxmesh sub ... | head`: nobody reads any more.
  if (error.code === 'EPIPE') {
    stop('output closed');
    return;
  }
  process.stderr.write(`rxmesh: stdout: ${error.message}\n`);
  process.exit(1);
});
// Notes that nobody reads are no reason to stop, least of all for a node that serves others.
process.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), {
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  env: process.env,
  signal: stopping.signal,
});
// Unread input would keep the process alive.
process.stdin.destroy();
