/** How one run of messages went. */
export interface Run {
  readonly count: number;
  readonly seconds: number;
  /** Processor time a message, of the processes that the runner has, or of those that send. */
  readonly cpuUs: number;
}

/** What is already connected, and runs a number of messages on request. */
export interface Runner {
  run(count: number): Promise<Run>;
  end(): void;
}
