/** How a contestant makes connections. Each side runs in its own process. */
export interface Connecting {
  /**
   * Listens, and calls `onUp` for each connection that is up on this side: authenticated, if the
   * contestant authenticates, and ready for messages in both directions. Resolves to what `dialer`
   * needs.
   */
  listen(onUp: () => void): Promise<string>;
  /**
   * @param nodes how many identities the dialing side may use, for contestants that cannot connect
   *   twice to the same node
   */
  dialer(address: string, nodes: number): Promise<Dialer>;
}

/** The side that dials. */
export interface Dialer {
  /** Resolves when the connection is up on this side. May be called concurrently. */
  connect(): Promise<Connected>;
}

/** An established connection. */
export interface Connected {
  /** Closes the connection gracefully. Resolves when it is closed on this side. */
  close(): Promise<unknown>;
}

/** A contestant's description and loader. Processes load only the contestant they run. */
export interface ConnectingEntry {
  /** Description for the report. */
  readonly about: string;
  load(): Promise<Connecting>;
}

/** In the order of the report. */
export const connectingContestants: Readonly<Record<string, ConnectingEntry>> = {
  rxmesh: {
    about:
      'a router listens on a WebSocket; the other side is many nodes, made of the operators `dial`, `handshake`, ' +
      '`accept` and `route`, each with one channel',
    load: async () => (await import('./rxmesh-connecting.ts')).rxmeshConnecting,
  },
  libp2p: {
    about: 'js-libp2p over TCP with Noise and Yamux; 16 nodes dial one again and again (`force`)',
    load: async () => (await import('./libp2p-connecting.ts')).libp2pConnecting,
  },
  'secret-stream': {
    about: '@hyperswarm/secret-stream over TCP, with one key pair a side',
    load: async () => (await import('./secret-stream-connecting.ts')).secretStreamConnecting,
  },
  'ws-proved': {
    about:
      'a bare WebSocket and the cryptography of a handshake, without a router: keys are exchanged, each side signs, ' +
      'and verifies what the other one has signed',
    load: async () => (await import('./ws-proved-connecting.ts')).wsProvedConnecting,
  },
  ws: {
    about: 'a bare WebSocket, which proves and encrypts nothing',
    load: async () => (await import('./ws-connecting.ts')).wsConnecting,
  },
};

/** @throws {RangeError} if there is no contestant of that name */
export function connectingOf(name: string): Promise<Connecting> {
  const entry = connectingContestants[name];
  if (entry === undefined) throw new RangeError(`there is no contestant ${name}`);
  return entry.load();
}
