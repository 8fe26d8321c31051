/** What the asking process has to do, as its argument. */
export interface Task {
  /** The chain's ID. */
  readonly network: string;
  /** Of the CometBFT node. */
  readonly address: string;
  /** Of the block to ask for. */
  readonly height: number;
  readonly seconds: number;
}

/** What it has found. */
export interface Answers {
  readonly count: number;
  /** Of all answers together. */
  readonly bytes: number;
  readonly ms: number;
  /** Processor time of the process that asked, from the first answer to the last. */
  readonly cpuMs: number;
}
