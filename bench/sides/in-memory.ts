/** A contestant with both sides in this process. */
import process from 'node:process';
import { inMemoryContestants, type InMemory } from '../contestants/in-memory.ts';
import type { Run } from '../frame/runner.ts';
import { nowUs } from './now.ts';

/** Runs `count` messages, and measures the run. */
export async function measured(run: (count: number) => Promise<void>, count: number): Promise<Run> {
  const cpuBefore = process.cpuUsage();
  const startedAtUs = nowUs();
  await run(count);
  const seconds = (nowUs() - startedAtUs) / 1e6;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { count, seconds, cpuUs: (user + system) / count };
}

let connected: InMemory | undefined;

/** Requests that the process handles. */
export const handlers = {
  async connect({ name, bytes }: { name: string; bytes: number }): Promise<void> {
    const connect = await inMemoryContestants[name]?.load();
    connected = await connect?.(bytes);
  },

  run(count: number): Promise<Run> {
    const { run } = connected ?? {};
    if (run === undefined) throw new Error('nobody is connected');
    return measured(run, count);
  },
};
