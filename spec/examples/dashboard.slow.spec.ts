import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, exists, type Program, run } from './program.ts';

afterEach(endAll);

/** The producers that a dashboard has started, by their process IDs. */
function producersOf({ pid }: Program): readonly number[] {
  const columns = ['-A', '-ww', '-o', 'pid=,ppid=,args='];
  const table = execFileSync('ps', columns, { encoding: 'utf8' });
  return [...table.matchAll(/^ *(\d+) +(\d+) .*producer\.ts/gm)]
    .filter(([, , parent]) => Number(parent) === pid)
    .map(([, child]) => Number(child));
}

/** Starts a dashboard with two producers, which are not loaded yet. */
async function dashboard(): Promise<{ program: Program; producers: readonly number[] }> {
  const program = run('dashboard.ts', '--producers', '2');
  await program.prints(/^open http/m);
  let producers = producersOf(program);
  for (let tries = 0; tries < 100 && producers.length < 2; tries += 1) {
    await wait(5);
    producers = producersOf(program);
  }
  return { program, producers };
}

/** What the processes left behind after a while. */
async function leftOf(pids: readonly number[]): Promise<readonly number[]> {
  for (let tries = 0; tries < 500 && pids.some(exists); tries += 1) await wait(20);
  return pids.filter(exists);
}

describe('examples/dashboard.ts', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
    'leaves no producer when %s ends it while they load',
    async (signal) => {
      const { program, producers } = await dashboard();
      expect(producers.filter(exists)).toHaveLength(2);
      program.kill(signal);
      expect(await leftOf(producers)).toEqual([]);
      expect(await program.ended).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 0);
    },
  );
});
