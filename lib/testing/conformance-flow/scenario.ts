import type { FlowStage } from './stage.ts';

/** What a case has to know of a flow before it opens one. */
export interface FlowKind {
  readonly consumers: 'each' | 'shared' | 'one';
  /** Whether there is one that fails. */
  readonly canFail: boolean;
}

/** A case: its name, and what it does on a new stage. */
export interface FlowScenario {
  /** Number and sentence; `RS-1.01` is rule 1 of section 1 of Reactive Streams 1.0.4. */
  readonly name: string;
  /** Whether it makes sense for a flow. */
  readonly applies?: (kind: FlowKind) => boolean;
  readonly play: (stage: FlowStage) => Promise<void>;
}
