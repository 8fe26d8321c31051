/** The result of one run. */
export interface Run {
  readonly count: number;
  readonly seconds: number;
  /** Processor time per message, in all processes of the runner or only in those that send. */
  readonly cpuUs: number;
}

/** A connected contestant that sends a given number of messages on request. */
export interface Runner {
  run(count: number): Promise<Run>;
  end(): void;
}
