import { check, checkCount } from './check.ts';
import type { FlowScenario } from './scenario.ts';

/** Requirements for several consumers of one flow. */
export const sharingScenarios: readonly FlowScenario[] = [
  {
    name: 'RS-1.10 each consumer gets all values, whatever the others request',
    applies: ({ consumers }) => consumers === 'each',
    play: async (stage) => {
      const { flow } = await stage.open(10);
      const [a, b, c] = [stage.probe(flow), stage.probe(flow), stage.probe(flow)];
      a.request(2);
      b.request(5);
      await stage.receives(a, 2);
      await stage.receives(b, 5);
      await stage.receives(c, 0);
      b.unsubscribe();
      for (const probe of [a, c]) {
        await stage.finish(probe, 20);
        probe.checkNoError();
        checkCount(probe.values.length, 10, 'the number of values');
      }
    },
  },
  {
    name: 'RS-1.11 consumers that share a flow get the same values, at the pace of the slowest',
    applies: ({ consumers }) => consumers === 'shared',
    play: async (stage) => {
      const { flow } = await stage.open(10);
      const [a, b] = [stage.probe(flow), stage.probe(flow)];
      a.request(5);
      await stage.receives(a, 0);
      b.request(3);
      await stage.receives(a, 3);
      await stage.receives(b, 3);
      b.unsubscribe();
      await stage.receives(a, 5);
      await stage.finish(a, 20);
      a.checkNoError();
      checkCount(a.values.length, 10, 'the number of values');
    },
  },
  {
    name: 'RS-1.11 a second consumer of a flow for one gets an error, and the first all values',
    applies: ({ consumers }) => consumers === 'one',
    play: async (stage) => {
      const { flow } = await stage.open(10);
      const [first, second] = [stage.probe(flow), stage.probe(flow)];
      second.request(1);
      await stage.until(() => second.ended, 'the second consumer should get an error');
      check(second.errors.length === 1, 'the second consumer should get an error');
      await stage.finish(first, 20);
      first.checkNoError();
      checkCount(first.values.length, 10, 'the number of values');
    },
  },
];
