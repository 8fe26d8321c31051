import { afterEach, beforeAll, expect, it } from '@jest/globals';
import { assertGo, installComet } from '../../scripts/interop/install.ts';
import { endAll, exists, run } from './program.ts';

const installMs = 900_000;

/** The objects that a program has printed, one a line. */
function linesOf(output: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeAll(async () => {
  assertGo();
  await installComet('v0.38.26');
}, installMs);

afterEach(endAll);

it('comet-watch starts a validator, shows what it does, and ends it at Ctrl-C', async () => {
  const watch = run('comet-watch.ts', '--local', '--json');
  await watch.prints(/"what":"second".*"transactions":[1-9]/);
  await watch.prints(/"what":"precommit"(?:.*\n)*.*"what":"precommit"/);
  watch.kill('SIGINT');
  expect(await watch.ended).toBe(0);

  const lines = linesOf(watch.output);
  const votes = lines.filter(({ what }) => what === 'precommit');
  // A single validator commits to every block, one after the other.
  expect(new Set(votes.map(({ validator }) => validator)).size).toBe(1);
  const [first, second] = votes.map(({ height }) => Number(height));
  expect(second).toBe((first ?? 0) + 1);
  const heights = lines.filter(({ what }) => what === 'step').map(({ height }) => Number(height));
  expect(heights).toEqual([...heights].sort((a, b) => a - b));
  expect(lines[0]).toMatchObject({ what: 'peer up' });
  expect(exists(watch.pid)).toBe(false);
});

it('comet-crawl finds four nodes, each of which was told of only one', async () => {
  const crawl = run('comet-crawl.ts', '--local', '--json');
  expect(await crawl.ended).toBe(0);
  const lines = linesOf(crawl.output);
  expect(lines.at(-1)).toEqual({ visited: 4, answered: 4 });
  const found = lines.slice(0, -1);
  const monikers = found.map(({ moniker }) => String(moniker));
  expect(monikers.sort()).toEqual(['node0', 'node1', 'node2', 'node3']);
  for (const { version, latencyMs, known } of found) {
    expect(version).toBe('0.38.26');
    expect(latencyMs).toBeGreaterThan(0);
    expect(known).toBeGreaterThan(0);
  }
});
