import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, exists, run } from './program.ts';

afterEach(endAll);

const pidsIn = (output: string): number[] =>
  [...output.matchAll(/^node \d is process (\d+)/gm)].map(([, pid]) => Number(pid));

/** What the processes left behind after a while. */
async function leftOf(pids: readonly number[]): Promise<readonly number[]> {
  for (let tries = 0; tries < 100 && pids.some(exists); tries += 1) await wait(20);
  return pids.filter(exists);
}

describe('examples/mesh.ts', () => {
  it('accounts for every message, though one node is killed and comes back', async () => {
    const mesh = run('mesh.ts', '--seconds', '4');
    expect(await mesh.ended).toBe(0);
    const { output } = mesh;
    expect(output).toMatch(/^node 3 was killed \(SIGKILL\) at [\d.]+ s$/m);
    expect(output).toMatch(/^node 3 is back with all others, [\d.]+ s after its death$/m);
    expect(output).toMatch(/^node 3 was killed at [\d.]+ s and was back after [\d.]+ s$/m);
    expect(output).toMatch(/^\d+ s: 4 nodes up, [\d,]+\/s in, [\d,]+\/s out, [\d,]+ dropped$/m);

    const sums = /^5 nodes, [\d.]+ s: ([\d,]+) messages sent, ([\d,]+) received, 0 missing, 0 out/m;
    const [, sent, received] = sums.exec(output) ?? [];
    expect(sent).toBe(received);
    expect(Number(sent?.replaceAll(',', ''))).toBeGreaterThan(1000);
    expect(pidsIn(output)).toHaveLength(5);
    expect(await leftOf(pidsIn(output))).toEqual([]);
  });

  it('leaves no process when Ctrl-C ends it, or when it is killed', async () => {
    const meshes = [run('mesh.ts', '--nodes', '2'), run('mesh.ts', '--nodes', '2')] as const;
    await Promise.all(meshes.map((mesh) => mesh.prints(/^each is connected with all others/m)));
    const pids = meshes.flatMap(({ output }) => pidsIn(output));
    expect(pids.filter(exists)).toHaveLength(4);

    meshes[0].kill('SIGINT');
    meshes[1].kill('SIGKILL');
    // What it has printed tells why, should it not end in time.
    const late = wait(45_000, 'still running', { ref: false });
    const end = await Promise.race([meshes[0].ended, late]);
    expect({ end, output: end === 0 ? '' : meshes[0].output }).toEqual({ end: 0, output: '' });
    expect(meshes[0].output).toMatch(/ 0 missing, 0 out of order or twice\n/);
    expect(meshes[0].output).not.toMatch(/ at .*:\d+:\d+/);
    expect(await leftOf(pids)).toEqual([]);
  });
});
