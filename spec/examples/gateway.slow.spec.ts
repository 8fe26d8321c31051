import { afterEach, describe, expect, it } from '@jest/globals';
import { endAll, run } from './program.ts';

afterEach(endAll);

describe('examples/gateway.ts', () => {
  it('forwards high readings from one network to the other, a few a second', async () => {
    const gateway = run('gateway.ts', '--seconds', '1.5');
    expect(await gateway.ended).toBe(0);
    const { output } = gateway;
    for (const sensor of [1, 2, 3]) {
      expect(output).toContain(`gateway, inside: sensor ${sensor} is up\n`);
      expect(output).toContain(`gateway, inside: sensor ${sensor} is down\n`);
    }
    expect(output).toContain('gateway, outside: monitor is up\n');

    const alarms = [...output.matchAll(/^monitor: sensor [123] is at (\d+) °C$/gm)];
    const sums =
      /(\d+) readings: (\d+) below 30 °C, (\d+) over the rate, (\d+) forwarded\n(\d+) of/;
    const [, ...numbers] = sums.exec(output) ?? [];
    const [readings = 0, low = 0, overRate = 0, forwarded = 0, arrived = 0] = numbers.map(Number);
    expect(Math.min(...alarms.map(([, celsius]) => Number(celsius)))).toBeGreaterThanOrEqual(30);
    expect(readings).toBeGreaterThan(30);
    expect(low + overRate + forwarded).toBe(readings);
    expect(overRate).toBeGreaterThan(0);
    expect(arrived).toBe(forwarded);
    expect(alarms).toHaveLength(arrived);
    // A burst of 5, and 5 a second in 1.5 s, on a machine that may be late.
    expect(forwarded).toBeGreaterThanOrEqual(5);
    expect(forwarded).toBeLessThan(30);
  });
});
