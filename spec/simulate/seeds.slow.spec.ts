import { describe, expect, it } from '@jest/globals';
import { optionsFrom } from '../../scripts/simulate/options.ts';
import { run } from '../../scripts/simulate/run.ts';

const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
const line = '--nodes 30 --minutes 2 --churn 0.5 --partitions 2 --rate 20 --bandwidth 200000';
const exchange = '--nodes 20 --minutes 1 --churn 0.5 --partitions 1 --rate 20 --exchange';

describe(`npm run simulate -- ${exchange} --max-connected 8`, () => {
  it.each(seeds.slice(0, 5))('holds every invariant, seed %i', (seed) => {
    const args = [...exchange.split(' '), '--max-connected', '8', '--seed', String(seed)];
    const options = optionsFrom(args);
    if (options === undefined) throw new Error('no options');
    const { broken, connectedMs } = run(options);
    expect([broken, connectedMs !== undefined]).toEqual([undefined, true]);
  });
});

describe(`npm run simulate -- ${line}`, () => {
  it.each(seeds)('holds every invariant, seed %i', (seed) => {
    const options = optionsFrom([...line.split(' '), '--seed', String(seed)]);
    if (options === undefined) throw new Error('no options');
    const { broken, messages, connectedMs, left } = run(options);
    expect(broken).toBeUndefined();
    expect(connectedMs).toBeLessThan(2_000);
    expect([left > 10, messages.delivered > 3_000]).toEqual([true, true]);
  });
});
