import { describe, expect, it } from '@jest/globals';
import { createRouter, type RouterOptions } from 'rxmesh';
import { concatMap } from 'rxjs';
import { argumentsFrom, type Options, optionsFrom } from '../../scripts/simulate/options.ts';
import { shrunkReport } from '../../scripts/simulate/print.ts';
import { type Result, run } from '../../scripts/simulate/run.ts';
import { shrink, shrinkRunsMax } from '../../scripts/simulate/shrink.ts';

function options(line: string): Options {
  const read = optionsFrom(line.split(' '));
  if (read === undefined) throw new Error('help');
  return read;
}

/** A node that has started again delivers every message twice. */
function runBroken(given: Options): Result {
  const lives = new Map<string, number>();
  return run(given, (routerOptions: RouterOptions) => {
    const router = createRouter(routerOptions);
    const life = (lives.get(router.id) ?? 0) + 1;
    lives.set(router.id, life);
    if (life === 1) return router;
    const open = router.openChannel.bind(router);
    router.openChannel = (channelOptions) => {
      const channel = open(channelOptions);
      const in$ = channel.in$.pipe(concatMap((envelope) => [envelope, envelope]));
      return new Proxy(channel, {
        get: (target, name): unknown => (name === 'in$' ? in$ : Reflect.get(target, name, target)),
      });
    };
    return router;
  });
}

describe('a scenario that breaks an invariant', () => {
  const given = options('--nodes 7 --minutes 0.5 --seed 4 --churn 4 --partitions 1 --rate 30');

  it('is shrunk to the faults and messages that it takes', () => {
    const result = runBroken(given);
    expect(result.firstBroken?.invariant).toBe('order');
    expect(result.steps).toBeGreaterThan(50);
    const shrunk = shrink(given, result, runBroken);
    expect(shrunk.runs).toBeLessThanOrEqual(shrinkRunsMax);
    expect(shrunk.result.firstBroken?.invariant).toBe('order');
    expect(shrunk.options.nodes).toBeLessThan(7);
    expect(shrunk.options.partitions).toBe(0);
    // One node leaves and returns, and one message reaches it.
    expect(shrunk.options.only).toHaveLength(2);

    const report = shrunkReport(result, shrunk);
    expect(report).toMatch(/^shrunk from 7 to \d nodes, from \d+ to 2 faults and messages, in \d+/);
    expect(report).toMatch(/^seed 4: .* did not hold\norder, after /m);
    const [, command = ''] = /to repeat it: npm run simulate -- (.*)$/.exec(report) ?? [];
    expect(runBroken(options(command)).broken).toBe(shrunk.result.broken);
  });

  it('is left as it is when nothing can be left out', () => {
    const always = (): Result => ({
      ...run(options('--nodes 2 --minutes 0')),
      firstBroken: undefined,
    });
    const result: Result = { ...always(), firstBroken: { invariant: 'stop', upMs: 1e9 }, steps: 3 };
    let runs = 0;
    const shrunk = shrink(given, result, () => {
      runs += 1;
      return always();
    });
    expect([shrunk.options, shrunk.runs]).toEqual([given, runs]);
  });
});

describe('the arguments of a scenario', () => {
  it.each([
    '--nodes 7',
    '--nodes 1',
    '--nodes 9 --exchange --latency 7 --bandwidth 5000 --only 3,7-9,12',
    '--only none --minutes 0.25 --traffic unicast --protection proven --close 2',
  ])('%s give the same options', (line) => {
    const given = options(line);
    expect(optionsFrom(argumentsFrom(given))).toEqual(given);
  });
});
