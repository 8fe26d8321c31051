import type { Stage } from './stage.ts';

/** A test case: its name, and what it does on a new stage. */
export interface Scenario {
  readonly name: string;
  /** Whether the case applies to a transport. */
  readonly applies?: (networked: boolean) => boolean;
  readonly play: (stage: Stage) => Promise<void>;
}
