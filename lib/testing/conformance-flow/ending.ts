import { check, checkCount } from './check.ts';
import type { Probe } from './probe.ts';
import type { FlowScenario } from './scenario.ts';

const fails: FlowScenario['applies'] = ({ canFail }) => canFail;

/** Requirements for how flows end. */
export const endingScenarios: readonly FlowScenario[] = [
  {
    name: 'RS-1.04 a flow that fails says with what, behind its values',
    applies: fails,
    play: async (stage) => {
      const error = new Error('flow conformance');
      const probe = stage.probe((await stage.fail(3, error)).flow);
      await stage.finish(probe, 10);
      checkCount(probe.values.length, 3, 'the number of values before the error');
      checkError(probe, error);
    },
  },
  {
    name: 'RS-1.04 a flow that fails at once needs no request for it',
    applies: fails,
    play: async (stage) => {
      const error = new Error('flow conformance');
      const probe = stage.probe((await stage.fail(0, error)).flow);
      if (!stage.endsUnasked) probe.request(1);
      await stage.until(() => probe.ended, 'the flow should fail');
      checkError(probe, error);
    },
  },
  {
    name: 'RS-1.05 a flow completes behind its last value, which is all that needs a request',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(3)).flow);
      probe.request(3);
      await stage.until(() => probe.values.length === 3, '3 values should come');
      if (!stage.endsUnasked) probe.request(1);
      await stage.until(() => probe.ended, 'the flow should complete');
      probe.checkNoError();
    },
  },
  {
    name: 'RS-1.05 an empty flow completes',
    play: async (stage) => {
      const probe = stage.probe((await stage.open(0)).flow);
      if (!stage.endsUnasked) probe.request(1);
      await stage.until(() => probe.ended, 'the flow should complete');
      probe.checkNoError();
    },
  },
  {
    name: 'RS-1.07 nothing comes after the end, whatever is requested then',
    play: async (stage) => {
      const opened = await stage.open(2);
      const probe = stage.probe(opened.flow);
      await stage.finish(probe, 3);
      for (const count of [1, 10, Infinity]) probe.request(count);
      probe.unsubscribe();
      probe.request(1);
      await stage.settle();
      checkCount(probe.values.length, 2, 'the number of values');
      checkCount(probe.completions, 1, 'the number of ends');
      await stage.releases(opened, 'at the end');
    },
  },
];

function checkError(probe: Probe, error: unknown): void {
  checkCount(probe.errors.length, 1, 'the number of errors');
  check(probe.errors[0] === error, 'the error should be the one that the source failed with');
}
