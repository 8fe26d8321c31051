import { cancellingScenarios } from './conformance-flow/cancelling.ts';
import { endingScenarios } from './conformance-flow/ending.ts';
import { requestingScenarios } from './conformance-flow/requesting.ts';
import type { FlowSetup } from './conformance-flow/setup.ts';
import { sharingScenarios } from './conformance-flow/sharing.ts';
import { SetupStage } from './conformance-flow/stage.ts';
import { subscribingScenarios } from './conformance-flow/subscribing.ts';
import type { ConformanceCase } from './transport-conformance.ts';

export type { FlowSetup, FlowUnderTest } from './conformance-flow/setup.ts';

/**
 * The requirements on every flow, as test cases for any test framework: the rules of Reactive
 * Streams 1.0.4, by number (`RS-1.01`), and what makes a flow an Observable (`RX-1`).
 *
 *     const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
 *     const open = (count: number) => ({ flow: flowFrom(numbers(count)) });
 *     const setup = { open, endsUnasked: false };
 *     for (const { name, run } of flowConformance(setup)) it(name, run);
 */
export function flowConformance<T>(setup: FlowSetup<T>): readonly ConformanceCase[] {
  const kind = { consumers: setup.consumers ?? 'each', canFail: setup.fail !== undefined };
  return [
    ...requestingScenarios,
    ...endingScenarios,
    ...cancellingScenarios,
    ...sharingScenarios,
    ...subscribingScenarios,
  ]
    .filter(({ applies }) => applies?.(kind) ?? true)
    .map(({ name, play }) => ({
      name,
      run: async () => {
        const stage = new SetupStage(setup);
        try {
          await play(stage);
        } finally {
          await stage.close();
        }
      },
    }));
}
