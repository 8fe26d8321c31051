/** Two nodes of one process that are connected without a network. */
export interface InMemory {
  /**
   * Sends so many messages from one to the other, as fast as its own backpressure allows; resolves
   * when the last one has arrived, decoded and in order.
   */
  run(count: number): Promise<void>;
}

/** How a contestant connects two nodes in memory, for messages of so many bytes. */
export type ConnectInMemory = (bytes: number) => Promise<InMemory>;

/** How a contestant is presented, and loaded: in a process that runs another one it is not. */
export interface InMemoryEntry {
  /** What it is, for the report. */
  readonly about: string;
  load(): Promise<ConnectInMemory>;
}

/** In the order of the report. */
export const inMemoryContestants: Readonly<Record<string, InMemoryEntry>> = {
  rxmesh: {
    about: 'as a `MemoryNetwork` is by default: identities are proved, packets are readable',
    load: async () => (await import('./rxmesh-memory.ts')).rxmeshMemory('proven'),
  },
  'rxmesh-encrypted': {
    about: '`protection: "encrypted"`: all that rxmesh does on a network',
    load: async () => (await import('./rxmesh-memory.ts')).rxmeshMemory('encrypted'),
  },
  libp2p: {
    about: 'js-libp2p with Noise, as on a network: it proves identities in no other way',
    load: async () => (await import('./libp2p-memory.ts')).libp2pMemory('noise'),
  },
  'libp2p-unencrypted': {
    about: 'js-libp2p with `skipEncryption`: nothing is proved, nothing is encrypted',
    load: async () => (await import('./libp2p-memory.ts')).libp2pMemory('none'),
  },
};
