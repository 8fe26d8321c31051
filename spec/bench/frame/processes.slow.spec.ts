import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Child } from '../../../bench/frame/processes.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rxmesh-'));
  mkdirSync(join(directory, 'frame'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/**
 * What `child.ts` has said to its parent since the first bench: `--against` talks to older ones,
 * too.
 */
const olderChild = `
  process.on('message', ({ id, handler, argument }) => {
    if (handler === 'fails') process.send({ id, error: 'it failed' });
    else process.send({ id, value: [handler, argument, process.argv[2]] });
  });
  process.on('disconnect', () => process.exit());
  process.send('ready');
`;

describe('Child', () => {
  it('runs a module by the child.js of its own bench, and keeps to the words of older ones', async () => {
    writeFileSync(join(directory, 'frame', 'child.js'), olderChild);
    const module = pathToFileURL(join(directory, 'sides', 'any.js'));
    const child = await Child.start(module, 'older');
    try {
      expect(await child.ask('run', { count: 3 })).toEqual(['run', { count: 3 }, module.href]);
      await expect(child.ask('fails', undefined)).rejects.toThrow('older: it failed');
    } finally {
      child.end();
    }
  });

  it('runs Node by a command, if one is given', async () => {
    const told = olderChild.replace('process.argv[2]', 'process.env.RXMESH_BENCH_SPEC');
    writeFileSync(join(directory, 'frame', 'child.js'), told);
    const module = pathToFileURL(join(directory, 'sides', 'any.js'));
    const child = await Child.start(module, 'any', [], ['env', 'RXMESH_BENCH_SPEC=by env']);
    try {
      expect(await child.ask('run', 1)).toEqual(['run', 1, 'by env']);
    } finally {
      child.end();
    }
  });
});
