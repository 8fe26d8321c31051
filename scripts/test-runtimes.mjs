/**
 * Runs `exchange.mjs` with the built package on runtimes compatible with Node, and prints a line
 * for each.
 *
 *     node scripts/test-runtimes.mjs [bun] [deno]
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runtimes } from './runtimes.mjs';

const program = join(import.meta.dirname, 'exchange.mjs');
const timeoutMs = 60_000;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(runtimes, name));
if (unknown.length > 0) throw new Error(`no such runtime: ${unknown.join(', ')}`);

for (const name of asked.length === 0 ? Object.keys(runtimes) : asked) {
  const { provide, args } = runtimes[name];
  const command = provide();
  const version = spawnSync(command, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const { status, signal } = spawnSync(command, [...args, program], {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: timeoutMs,
  });
  const isGood = status === 0;
  const outcome = isGood
    ? 'two routers over WebSocket, 64 B and 64 KiB both ways: ok'
    : `FAILED (${signal ?? status})`;
  console.log(`${name} ${/\d+(?:\.\d+)+/.exec(version)?.[0] ?? '?'}: ${outcome}`);
  if (!isGood) process.exitCode = 1;
}
