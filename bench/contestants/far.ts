/** Where a receiver listens: a local port, and whatever else the dialing side needs. */
export interface Place {
  readonly port: number;
  /** The identity of the listener, for contestants that authenticate. */
  readonly id: string;
}

/** Receives the number of each arriving message. */
export interface Arriving {
  bulk(seq: number): void;
  note(seq: number): void;
}

/** The side that dials and sends. */
export interface FarDialed {
  /** Sends messages numbered from `first`, as fast as the contestant's own backpressure allows. */
  send(first: number, count: number): Promise<void>;
  /**
   * Sends a small message on a separate channel (or stream), or in the same stream if a connection
   * has only one. Does not wait.
   */
  note(seq: number): void;
}

/**
 * A contestant over a distance, with bulk and small messages. Each side runs in its own process.
 */
export interface Far {
  /** Resolves to the place to dial. A line in between may replace the port. */
  listen(bytes: number, arriving: Arriving): Promise<Place>;
  /**
   * @param bytes length of an encoded bulk message
   * @param hasNotes whether `note` will be called; if not, no channel is needed for it
   */
  dial(place: Place, bytes: number, hasNotes: boolean): Promise<FarDialed>;
}

/** The body of a note, which makes it 15 bytes long when encoded. */
export const noteBody: Uint8Array = new Uint8Array(8);

/** Added to a note's number where notes and bulk messages share a stream. */
export const noteSeqFrom: number = 2 ** 31;

/** A contestant's description and loader. Processes load only the contestant they run. */
export interface FarEntry {
  /** Description for the report. */
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

/** @throws {RangeError} if there is no contestant of that name */
export function farOf(name: string): Promise<Far> {
  const entry = farContestants[name];
  if (entry === undefined) throw new RangeError(`there is no contestant ${name}`);
  return entry.load();
}
