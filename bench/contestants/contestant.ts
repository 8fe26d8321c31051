/** What a contestant is set up for, the same on both sides. */
export interface Setup {
  /** Length of an encoded message. */
  readonly bytes: number;
  /** Independent streams of messages on one connection, from 1. */
  readonly channels: number;
}

/**
 * Takes what arrives: the number of each message, on its channel, in the order in which they came.
 */
export type Take = (channel: number, seq: number) => void;

/** The side that dials, and sends. */
export interface Dialed {
  /**
   * Sends messages that are numbered on from `first`, as fast as this contestant's own backpressure
   * allows; resolves when it has taken them all. One at a time on a channel.
   */
  send(channel: number, first: number, count: number): Promise<void>;
  /** Sends a message of the size set up to the other side, and resolves when it has come back. */
  ping(): Promise<void>;
}

/** A way to carry messages from one process to another, as its own documentation would have it. */
export interface Contestant {
  /** Listens, and receives. Resolves to an address for `dial`, on the same machine. */
  listen(setup: Setup, take: Take): Promise<string>;
  dial(address: string, setup: Setup): Promise<Dialed>;
}

/**
 * The number of a ping, where pings share a stream with messages: the receiver sends it back, and
 * does not count it.
 */
export const pingSeq = 2 ** 32 - 1;
