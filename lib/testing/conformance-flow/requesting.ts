import { seededRandom } from '../seeded-random.ts';
import { check, checkCount } from './check.ts';
import type { FlowScenario } from './scenario.ts';
import type { FlowStage } from './stage.ts';

/** Requirements for how flows respond to requests. */
export const requestingScenarios: readonly FlowScenario[] = [
  {
    name: 'RS-1.01 as many values come as were requested and no more, in any pattern of requests',
    play: async (stage) => {
      for (const seed of [1, 2, 3]) await checkPattern(stage, seededRandom(seed));
    },
  },
  {
    name: 'RS-1.02 fewer values come than were requested when there are no more',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(3)).flow);
      await stage.finish(probe, 10);
      probe.checkNoError();
      checkCount(probe.values.length, 3, 'the number of values');
    },
  },
  {
    name: 'RS-1.03 what is requested within next comes after next has returned',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(50)).flow);
      probe.onNext = () => {
        probe.request(1);
      };
      await stage.finish(probe, 1);
      probe.checkNoError();
      checkCount(probe.values.length, 50, 'the number of values');
    },
  },
  {
    name: 'RS-1.09 no value comes before a request',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(3)).flow);
      await stage.receives(probe, 0);
      check(!probe.ended, 'a flow that has values should not end before they were requested');
    },
  },
  {
    name: 'RS-3.02 requests within next count as others do',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(20)).flow);
      probe.onNext = (value) => {
        if (value > 1) return;
        probe.request(1);
        probe.request(2);
      };
      probe.request(1);
      await stage.receives(probe, 7);
    },
  },
  {
    name: 'RS-3.03 requesting one value within each next needs no more stack for many values than for one',
    play: async (stage) => {
      const { manyCount } = stage;
      const probe = stage.probe((await stage.open(manyCount)).flow);
      probe.onNext = () => {
        probe.request(1);
      };
      await stage.finish(probe, 1);
      probe.checkNoError();
      checkCount(probe.values.length, manyCount, 'the number of values');
    },
  },
  {
    name: 'RS-3.08 requests add up',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(20)).flow);
      for (const count of [1, 2, 3]) probe.request(count);
      await stage.receives(probe, 6);
      probe.request(4);
      await stage.receives(probe, 10);
    },
  },
  {
    name: 'RS-3.09 a request for no whole number from 1 throws a RangeError, and changes nothing',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(5)).flow);
      for (const count of [0, -1, 0.5, NaN, -Infinity]) {
        check(
          throwsRangeError(() => probe.request(count)),
          `request(${count}) should throw`,
        );
      }
      await stage.receives(probe, 0);
      probe.request(2);
      await stage.receives(probe, 2);
    },
  },
  {
    name: 'RS-3.17 demand may be endless: Infinity, and sums beyond 2^53',
    play: async (stage) => {
      for (const counts of [
        [Infinity],
        [2, Infinity, Infinity],
        [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 3],
        [Number.MAX_VALUE, Number.MAX_VALUE],
      ]) {
        const probe = stage.probe((await stage.open(20)).flow);
        for (const count of counts) probe.request(count);
        await stage.finish(probe, 1);
        probe.checkNoError();
        checkCount(probe.values.length, 20, 'the number of values');
      }
    },
  },
];

/** Requests a few values at a time, sometimes waiting for them before the next request. */
async function checkPattern(stage: FlowStage, random: () => number): Promise<void> {
  const count = 60;
  const probe = stage.probe((await stage.open(count)).flow);
  let requested = 0;
  while (requested < count) {
    const more = 1 + Math.floor(random() * 6);
    requested += more;
    probe.request(more);
    if (random() < 0.5) await stage.receives(probe, Math.min(requested, count));
  }
  await stage.receives(probe, count);
}

function throwsRangeError(call: () => void): boolean {
  try {
    call();
  } catch (thrown) {
    // By name: the flow may come from another realm.
    return typeof thrown === 'object' && Reflect.get(thrown ?? {}, 'name') === 'RangeError';
  }
  return false;
}
