import { describe, expect, it } from '@jest/globals';
import { optionsFrom } from '../../scripts/simulate/options.ts';
import { type Result, run } from '../../scripts/simulate/run.ts';

const line = '--exchange --traffic none --latency 60 --vanish 0.2';

function runOf(nodes: number, more: string): Result {
  const options = optionsFrom([...line.split(' '), ...more.split(' '), '--nodes', String(nodes)]);
  if (options === undefined) throw new Error('no options');
  return run(options);
}

describe(`npm run simulate -- ${line}`, () => {
  it.each([8, 50])('%i nodes that know one address each find each other', (nodes) => {
    const result = runOf(nodes, '--minutes 0.2');
    expect(result).toMatchObject({ broken: undefined, pieces: 1 });
    expect(result.connectedMs).toBeLessThan(10_000);
    expect(result.healedMs).toBeLessThan(60_000);
    expect(result.peers.mean).toBeGreaterThanOrEqual(Math.min(16, nodes - 1));
    expect(result.peers.variance).toBeLessThan(40);
    const futile = Object.values(result.futileDials).reduce((sum, count) => sum + count, 0);
    expect(futile).toBeLessThan(20 * nodes);
  });

  // If nodes vanish as well, these take a minute: `npm run simulate` does that.
  it('200 nodes that know one address each find each other', () => {
    const result = runOf(200, '--minutes 0.05 --vanish 0');
    expect(result).toMatchObject({ broken: undefined, pieces: 1 });
    expect(result.connectedMs).toBeLessThan(10_000);
    expect(result.peers.mean).toBeGreaterThanOrEqual(16);
    expect(result.peers.variance).toBeLessThan(60);
    const futile = Object.values(result.futileDials).reduce((sum, count) => sum + count, 0);
    expect(futile).toBeLessThan(20 * 200);
  });

  // With the default of 16 peers each, this takes ten times as long. It has its own time limit
  // because it takes most of a minute of processor time.
  it('1,000 nodes that know one address each find each other, with few peers each', () => {
    const result = runOf(1_000, '--minutes 0.01 --vanish 0 --max-connected 8');
    expect(result).toMatchObject({ broken: undefined, pieces: 1 });
    expect(result.connectedMs).toBeLessThan(10_000);
    expect(result.links).toBeGreaterThanOrEqual((1_000 * 4) / 2);
    const futile = Object.values(result.futileDials).reduce((sum, count) => sum + count, 0);
    expect(futile).toBeLessThan(20 * 1_000);
  }, 1_800_000);

  it('30 nodes stay in one piece with churn', () => {
    const result = runOf(30, '--minutes 0.5 --churn 0.5');
    expect(result).toMatchObject({ broken: undefined, pieces: 1 });
    expect(result.left).toBeGreaterThan(5);
    expect(result.recoveredMs).toBeLessThan(60_000);
  });
});
