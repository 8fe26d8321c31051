import { dialingScenarios } from './conformance/dialing.ts';
import { flowingScenarios } from './conformance/flowing.ts';
import { linkingScenarios } from './conformance/linking.ts';
import type { TransportSetup } from './conformance/setup.ts';
import { Stage } from './conformance/stage.ts';

export type { TransportNode, TransportPair, TransportSetup } from './conformance/setup.ts';

/** A requirement on every transport, or every flow, as a test case. */
export interface ConformanceCase {
  /** A number and a sentence: `T-08 a closed transport can still dial`. */
  readonly name: string;
  /** Rejects if the requirement is not met, with a message that says what was expected. */
  readonly run: () => Promise<void>;
}

/**
 * The requirements on every transport, as test cases for any test framework. They rely only on what
 * `Transport`, `Connection` and `Link` promise.
 *
 *     const open = async () => ({ a: await node(), b: await node() });
 *     const setup: TransportSetup = { networked: true, open };
 *     for (const { name, run } of transportConformance(setup)) it(name, run);
 */
export function transportConformance(setup: TransportSetup): readonly ConformanceCase[] {
  return [...dialingScenarios, ...linkingScenarios, ...flowingScenarios]
    .filter(({ applies }) => applies?.(setup.networked) ?? true)
    .map(({ name, play }) => ({
      name,
      run: async () => {
        const stage = new Stage(setup, await setup.open());
        try {
          await play(stage);
        } finally {
          await stage.close();
        }
      },
    }));
}
