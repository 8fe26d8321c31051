/** The setup of a run, the same on both sides. */
export interface Setup {
  /** Length of an encoded message. */
  readonly bytes: number;
  /** Number of independent streams on one connection, at least 1. */
  readonly channels: number;
}

/** Receives the number of each arriving message, in order of arrival on its channel. */
export type Take = (channel: number, seq: number) => void;

/** The side that dials and sends. */
export interface Dialed {
  /**
   * Sends messages numbered from `first`, as fast as the contestant's own backpressure allows.
   * Resolves when all of them have been accepted. At most one call at a time per channel.
   */
  send(channel: number, first: number, count: number): Promise<void>;
  /** Sends a message of the configured size, and resolves when it has come back. */
  ping(): Promise<void>;
}

/** A way to carry messages from one process to another, used as its documentation recommends. */
export interface Contestant {
  /** Listens and receives. Resolves to an address for `dial` on the same machine. */
  listen(setup: Setup, take: Take): Promise<string>;
  dial(address: string, setup: Setup): Promise<Dialed>;
  /** Processor time so far of other processes that this side runs, in microseconds. Default: 0. */
  otherCpuUs?(): Promise<number>;
}

/**
 * The number of a ping, where pings share a stream with messages. The receiver sends it back
 * without counting it.
 */
export const pingSeq = 2 ** 32 - 1;
