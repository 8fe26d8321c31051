import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { playNetwork } from '../support/play-network.ts';

it('the log of a simulation is the same for the same seed in another process', () => {
  const program = fileURLToPath(new URL('../support/play-network.ts', import.meta.url));
  const run = ['--conditions=source', '--import', 'tsx', program, '7'];
  const { stdout, stderr } = spawnSync(process.execPath, run, { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual([playNetwork(7), '']);
});
