import type {
  Libp2pAddress,
  Libp2pConnection,
  Libp2pEvent,
  Libp2pNode,
  Libp2pPeerId,
  Libp2pStream,
} from '../../../transports/libp2p/index.ts';

/** How many bytes the other side of a stream takes before it must read, as with Yamux. */
const windowBytes = 262_144;

/** Dispatches events, synchronously. */
class Events {
  readonly #listeners = new Map<string, Set<(event: Libp2pEvent) => void>>();

  addEventListener(type: string, listener: (event: Libp2pEvent) => void): void {
    const known = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, known.add(listener));
  }

  removeEventListener(type: string, listener: (event: Libp2pEvent) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  emit(type: string, more: Omit<Libp2pEvent, 'type'> = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener({ type, ...more });
  }

  listenerCount(type: string): number {
    return this.#listeners.get(type)?.size ?? 0;
  }
}

/** One side of a stream in memory, with the events, statuses and limits of libp2p's. */
export class FakeStream extends Events implements Libp2pStream {
  status = 'open';
  writableNeedsDrain = false;
  maxReadBufferLength = 4_194_304;
  /** Breaks what arrives into pieces of this many bytes. */
  pieceBytes = Infinity;
  /** Whether `send` throws, as on a stream that has just ended. */
  isBroken = false;
  readonly sent: Uint8Array[] = [];
  readonly protocol: string;
  other: FakeStream | undefined;
  #unread: Uint8Array[] = [];
  #paused = false;
  #wroteEnd = false;
  #remoteWroteEnd = false;
  #unsent: Uint8Array[] = [];

  constructor(protocol: string) {
    super();
    this.protocol = protocol;
  }

  get readBufferLength(): number {
    return this.#unread.reduce((sum, { length }) => sum + length, 0);
  }

  send(bytes: Uint8Array): boolean {
    if (this.isBroken || this.#wroteEnd || this.status !== 'open') {
      throw new Error('Cannot write to a stream that is closed');
    }
    this.sent.push(bytes);
    this.#unsent.push(bytes);
    this.#flush();
    return !this.writableNeedsDrain;
  }

  pause(): void {
    if (this.status !== 'open') throw new Error('Cannot pause a stream that is closed');
    this.#paused = true;
  }

  resume(): void {
    if (this.status !== 'open' && this.#unread.length === 0) throw new Error('Cannot resume');
    this.#paused = false;
    this.#dispatch();
  }

  close(): Promise<void> {
    this.#wroteEnd = true;
    this.#flush();
    return Promise.resolve();
  }

  abort(error: Error): void {
    if (this.status !== 'open') return;
    this.#unread = [];
    this.#ended('aborted', error);
    const { other } = this;
    queueMicrotask(() => {
      if (other?.status === 'open') other.#ended('reset', new Error('stream reset'));
    });
  }

  /** Ends it as when the connection below is lost. */
  lose(): void {
    this.#ended('closed', undefined);
  }

  /** Sends on what the window of the other side has room for. Returns whether that is all. */
  #flush(): boolean {
    const { other } = this;
    if (other === undefined) return false;
    while (this.#unsent.length > 0 && other.readBufferLength < windowBytes) {
      const bytes = this.#unsent.shift();
      if (bytes !== undefined) other.#receive(bytes);
    }
    this.writableNeedsDrain = this.#unsent.length > 0;
    if (this.#unsent.length > 0) return false;
    if (!this.#wroteEnd || this.status !== 'open') return true;
    queueMicrotask(() => other.#receiveEnd());
    if (this.#remoteWroteEnd) this.#ended('closed', undefined);
    return true;
  }

  #receive(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.pieceBytes) {
      this.#unread.push(bytes.subarray(at, Math.min(bytes.length, at + this.pieceBytes)));
    }
    queueMicrotask(() => this.#dispatch());
  }

  #receiveEnd(): void {
    if (this.#remoteWroteEnd || this.status !== 'open') return;
    this.#remoteWroteEnd = true;
    this.emit('remoteCloseWrite');
    if (this.#wroteEnd) this.#ended('closed', undefined);
  }

  #dispatch(): void {
    if (this.#paused || this.#unread.length === 0 || this.listenerCount('message') === 0) return;
    const [only, ...more] = this.#unread;
    const data = more.length === 0 ? only : this.#unread;
    this.#unread = [];
    this.emit('message', data === undefined ? {} : { data });
    const { other } = this;
    queueMicrotask(() => {
      if (other?.writableNeedsDrain === true && other.#flush()) other.emit('drain');
    });
  }

  #ended(status: string, error: Error | undefined): void {
    if (this.status !== 'open') return;
    this.status = status;
    this.emit('close', error === undefined ? {} : { error });
  }
}

/** Both sides of a new stream. */
export function streamPair(protocol = '/rxmesh/1'): [FakeStream, FakeStream] {
  const [one, other] = [new FakeStream(protocol), new FakeStream(protocol)];
  one.other = other;
  other.other = one;
  return [one, other];
}

type Handler = (stream: Libp2pStream, connection: Libp2pConnection) => void;

const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** The peer ID of an ed25519 key: base58 of `00 24 08 01 12 20` and the key. */
export function peerIdOf(publicKey: Uint8Array): Libp2pPeerId {
  const hex = Buffer.concat([Buffer.from('002408011220', 'hex'), publicKey]).toString('hex');
  let text = '';
  for (let value = BigInt(`0x${hex}`); value > 0n; value /= 58n) {
    text = (alphabet[Number(value % 58n)] ?? '') + text;
  }
  return { type: 'Ed25519', publicKey: { raw: publicKey }, toString: () => `1${text}` };
}

/** Nodes that dial each other by the text of their address. */
export class FakeNetwork {
  readonly nodes = new Map<string, FakeNode>();
}

/** A libp2p node in memory. */
export class FakeNode extends Events implements Libp2pNode {
  readonly peerId: Libp2pPeerId;
  readonly handlers = new Map<string, Handler>();
  /** Streams that it has dialed, and those that it was given. */
  readonly streams: FakeStream[] = [];
  encryption: string | undefined = '/noise';
  addresses: string[];
  /** What `handle` rejects with. */
  handleError: Error | undefined;
  readonly #network: FakeNetwork;

  constructor(network: FakeNetwork, publicKey: Uint8Array, address: string) {
    super();
    this.#network = network;
    this.peerId = peerIdOf(publicKey);
    this.addresses = [`${address}/p2p/${this.peerId.toString()}`];
    for (const each of this.addresses) network.nodes.set(each, this);
  }

  getMultiaddrs(): readonly string[] {
    return this.addresses;
  }

  async dial(
    address: Libp2pAddress,
    { signal }: { signal: AbortSignal },
  ): Promise<Libp2pConnection> {
    await Promise.resolve();
    signal.throwIfAborted();
    const text = address.toString().replace('/0.0.0.0/', '/127.0.0.1/');
    const remote = this.#network.nodes.get(text);
    if (remote === undefined) throw new Error(`nobody is at ${text}`);
    const from = `/ip4/127.0.0.1/tcp/50000/p2p/${this.peerId.toString()}`;
    const outbound = this.#connection(text, remote);
    const inbound = { ...remote.#connection(from, this), newStream: notUsed };
    return {
      ...outbound,
      newStream: async (protocols) => {
        await Promise.resolve();
        const name = protocols.find((each) => remote.handlers.has(each));
        if (name === undefined) throw new Error('protocol selection failed');
        const [mine, theirs] = streamPair(name);
        this.streams.push(mine);
        remote.streams.push(theirs);
        remote.handlers.get(name)?.(theirs, inbound);
        return mine;
      },
    };
  }

  async handle(protocol: string, handler: Handler): Promise<void> {
    await Promise.resolve();
    if (this.handleError !== undefined) throw this.handleError;
    this.handlers.set(protocol, handler);
  }

  unhandle(protocol: string): Promise<void> {
    this.handlers.delete(protocol);
    return Promise.resolve();
  }

  #connection(remoteAddr: string, { peerId }: FakeNode): Libp2pConnection {
    return { remoteAddr, remotePeer: peerId, encryption: this.encryption, newStream: notUsed };
  }
}

function notUsed(): Promise<never> {
  return Promise.reject(new Error('only a dialer opens streams'));
}

/** `multiaddr`, as far as the fake needs it. */
export function fakeMultiaddr(text: string): string {
  if (!/^\/(?:ip4|ip6|dns|dns4|dns6|memory)\//.test(text)) throw new Error('unknown protocol');
  return text;
}
