/** How a contestant makes connections; each side is in a process of its own. */
export interface Connecting {
  /**
   * Listens, and calls `onUp` for each connection that is up here: whoever is on the other side has
   * proved who it is, if that is proved, and messages can go both ways. Resolves to what `dialer`
   * needs.
   */
  listen(onUp: () => void): Promise<string>;
  /**
   * @param nodes how many nodes the dialing side may be, for who cannot connect twice to the same
   * node
   */
  dialer(address: string, nodes: number): Promise<Dialer>;
}

/** The side that dials. */
export interface Dialer {
  /**
   * Resolves when the connection is up on this side. Others may be on their way at the same time.
   */
  connect(): Promise<Connected>;
}

/** A connection that is up. */
export interface Connected {
  /** Closes it in good order. Resolves when it is closed here. */
  close(): Promise<unknown>;
}

/** How it is presented, and loaded: in a process that runs another one it is not. */
export interface ConnectingEntry {
  /** What it is, for the report. */
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

/** @throws {RangeError} there is none of that name */
export function connectingOf(name: string): Promise<Connecting> {
  const entry = connectingContestants[name];
  if (entry === undefined) throw new RangeError(`there is no contestant ${name}`);
  return entry.load();
}
