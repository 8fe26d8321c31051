import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Identity } from '../../lib/model/identity.ts';

const script = fileURLToPath(new URL('key-maker.ts', import.meta.url));

let directory = '';
let makers: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rxmesh-keys-'));
});
afterEach(async () => {
  for (const maker of makers) maker.kill('SIGKILL');
  makers = [];
  await rm(directory, { recursive: true });
});
const file = () => join(directory, 'node_key.json');

/** Processes that are ready to create a key. */
async function start(count: number): Promise<readonly ChildProcess[]> {
  const execArgv = ['--conditions=source', '--import', 'tsx'];
  const started = Array.from({ length: count }, () => fork(script, { execArgv }));
  makers.push(...started);
  await Promise.all(started.map((maker) => once(maker, 'message')));
  return started;
}

describe('S-06 a key file', () => {
  it('that several processes create at once is one key for all of them', async () => {
    const started = await start(4);
    const said = started.map((maker) => once(maker, 'message'));
    for (const maker of started) maker.send(file());
    const ids = (await Promise.all(said)).map(([id]: unknown[]) => id);
    const { id } = await Identity.load(file());
    expect(ids).toEqual([id, id, id, id]);
    expect(await readdir(directory)).toEqual(['node_key.json']);
  });

  it('is alone in its directory after a process was killed while it created one, at any moment', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [maker] = await start(1);
      const ended = once(maker ?? process, 'exit');
      maker?.send(file());
      await later(round / 2);
      maker?.kill('SIGKILL');
      await ended;
      const { id } = await Identity.loadOrCreate(file());
      expect(await readdir(directory)).toEqual(['node_key.json']);
      expect((await Identity.load(file())).id).toBe(id);
      await rm(file());
    }
  });
});
