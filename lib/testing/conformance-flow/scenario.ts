import type { FlowStage } from './stage.ts';

/** What determines which cases apply to a flow. */
export interface FlowKind {
  readonly consumers: 'each' | 'shared' | 'one';
  /** Whether the setup can open a flow that fails. */
  readonly canFail: boolean;
}

/** A test case: its name, and what it does on a new stage. */
export interface FlowScenario {
  /** A number and a sentence; `RS-1.01` is rule 1 of section 1 of Reactive Streams 1.0.4. */
  readonly name: string;
  /** Whether the case applies to a flow. */
  readonly applies?: (kind: FlowKind) => boolean;
  readonly play: (stage: FlowStage) => Promise<void>;
}
