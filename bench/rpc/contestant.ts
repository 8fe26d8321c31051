/** Makes one call, and reports its answer. */
export type Caller = (answered: () => void) => void;

/** One way to ask another process something. Requests and answers are items of 64 B. */
export interface RpcContestant {
  readonly name: string;
  /** The other process: answers with what it gets. @returns where, for `connect` */
  serve(): Promise<string>;
  connect(address: string): Promise<Caller>;
}
