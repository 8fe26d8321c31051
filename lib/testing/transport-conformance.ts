import { dialingScenarios } from './conformance/dialing.ts';
import { flowingScenarios } from './conformance/flowing.ts';
import { linkingScenarios } from './conformance/linking.ts';
import type { TransportSetup } from './conformance/setup.ts';
import { Stage } from './conformance/stage.ts';

export type { TransportNode, TransportPair, TransportSetup } from './conformance/setup.ts';

/** One thing that every transport, or every flow, has to do. */
export interface ConformanceCase {
  /** Number and sentence: `T-08 a closed transport can still dial`. */
  readonly name: string;
  /** Rejects, with a sentence about what should have been, when it is not done. */
  readonly run: () => Promise<void>;
}

/**
 * What every transport has to do, as cases for a test framework of your choice. They use what
 * `Transport`, `Connection` and `Link` promise, and nothing else.
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
