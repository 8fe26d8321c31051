/** Two nodes in one process, connected without a network. */
export interface InMemory {
  /**
   * Sends `count` messages from one node to the other, as fast as the contestant's backpressure
   * allows. Resolves when the last one has arrived, decoded and in order.
   */
  run(count: number): Promise<void>;
}

/** Connects two nodes in memory, for messages of the given size. */
export type ConnectInMemory = (bytes: number) => Promise<InMemory>;

/** A contestant's description and loader. Processes load only the contestant they run. */
export interface InMemoryEntry {
  /** Description for the report. */
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
