/** Where somebody listens: a port of this machine, and what else the dialing side has to know. */
export interface Place {
  readonly port: number;
  /** Who listens there, for contestants that prove it. */
  readonly id: string;
}

/** Takes what arrives: the number of each message. */
export interface Arriving {
  bulk(seq: number): void;
  note(seq: number): void;
}

/** The side that dials, and sends. */
export interface FarDialed {
  /**
   * Sends messages that are numbered on from `first`, as fast as this contestant's own backpressure
   * allows.
   */
  send(first: number, count: number): Promise<void>;
  /**
   * Sends a message of `noteBytes` on another channel (another stream), or in the same stream where
   * a connection has only one. It does not wait.
   */
  note(seq: number): void;
}

/** Measures a contestant over a distance: bulk and small messages, each side in its own process. */
export interface Far {
  /** Resolves to a place; the port that is dialed may be another one. */
  listen(bytes: number, arriving: Arriving): Promise<Place>;
  /**
   * @param bytes length of an encoded message of `send`
   * @param hasNotes whether `note` is going to be called: a channel for it need not be opened
   * otherwise
   */
  dial(place: Place, bytes: number, hasNotes: boolean): Promise<FarDialed>;
}

/** Fills a note, so that it has 15 bytes when it is encoded. */
export const noteBody: Uint8Array = new Uint8Array(8);

/** Where a connection has one stream, the number of a note has this added. */
export const noteSeqFrom: number = 2 ** 31;

/** How it is presented, and loaded: in a process that runs another one it is not. */
export interface FarEntry {
  /** What it is, for the report. */
  readonly about: string;
  load(): Promise<Far>;
}

/** In the order of the report. */
export const farContestants: Readonly<Record<string, FarEntry>> = {
  rxmesh: {
    about:
      'rxmesh over WebSocket, encrypted, with all options as they are by default; two channels',
    load: async () => (await import('./rxmesh-far.ts')).rxmeshFar,
  },
  libp2p: {
    about: 'js-libp2p over TCP, with Noise and Yamux; two streams',
    load: async () => (await import('./libp2p-far.ts')).libp2pFar,
  },
  'secret-stream': {
    about: '@hyperswarm/secret-stream over TCP; it has one stream, which notes share',
    load: async () => (await import('./secret-stream-far.ts')).secretStreamFar,
  },
  rsocket: {
    about: 'rsocket-js over TCP, not encrypted; the receiver requests two streams',
    load: async () => (await import('./rsocket-far.ts')).rsocketFar,
  },
  ws: {
    about: 'a bare WebSocket, not encrypted, with up to 1 MiB unsent; notes share it',
    load: async () => (await import('./ws-far.ts')).wsFar,
  },
};

/** @throws {RangeError} there is none of that name */
export function farOf(name: string): Promise<Far> {
  const entry = farContestants[name];
  if (entry === undefined) throw new RangeError(`there is no contestant ${name}`);
  return entry.load();
}
