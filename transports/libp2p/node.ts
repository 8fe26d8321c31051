/**
 * The parts of js-libp2p in use, so that rxmesh needs none of its packages. A node of `libp2p` 3
 * has all of them.
 */

/** A libp2p node, as `createLibp2p` returns it. */
export interface Libp2pNode {
  readonly peerId: Libp2pPeerId;
  /** The addresses at which others can dial it now, each with its peer ID. */
  getMultiaddrs(): readonly Libp2pAddress[];
  dial(
    address: Libp2pAddress,
    options: { readonly signal: AbortSignal },
  ): Promise<Libp2pConnection>;
  handle(
    protocol: string,
    handler: (stream: Libp2pStream, connection: Libp2pConnection) => void,
    options: { readonly runOnLimitedConnection: boolean },
  ): Promise<void>;
  unhandle(protocol: string): Promise<void>;
  addEventListener(type: Libp2pNodeEvent, listener: (event: Libp2pEvent) => void): void;
  removeEventListener(type: Libp2pNodeEvent, listener: (event: Libp2pEvent) => void): void;
}

/** The events of a node in use. */
export type Libp2pNodeEvent = 'self:peer:update' | 'peer:discovery';

/** A multiaddr. Only its text is used. */
export interface Libp2pAddress {
  toString(): string;
}

/** The ID of a libp2p peer, with its key if that is known. */
export interface Libp2pPeerId {
  readonly type: string;
  readonly publicKey?: { readonly raw: Uint8Array } | undefined;
  toString(): string;
}

/** A connection between two libp2p nodes. */
export interface Libp2pConnection {
  readonly remoteAddr: Libp2pAddress;
  readonly remotePeer: Libp2pPeerId;
  /** The protocol that has encrypted it and proved the peer ID: `/noise`. */
  readonly encryption?: string | undefined;
  /** How long it lasts and how much it carries at most, if a relay limits it. */
  readonly limits?: object | undefined;
  newStream(
    protocols: string[],
    options: { readonly signal: AbortSignal; readonly runOnLimitedConnection: boolean },
  ): Promise<Libp2pStream>;
}

/** A stream of bytes in both directions, on a connection. */
export interface Libp2pStream {
  readonly protocol: string;
  readonly status: string;
  readonly writableNeedsDrain: boolean;
  readonly readBufferLength: number;
  maxReadBufferLength: number;
  send(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  close(): Promise<void>;
  abort(error: Error): void;
  addEventListener(type: Libp2pStreamEvent, listener: (event: Libp2pEvent) => void): void;
}

/** The events of a stream in use. */
export type Libp2pStreamEvent = 'message' | 'drain' | 'remoteCloseWrite' | 'close';

/** An event of a node or a stream. */
export interface Libp2pEvent {
  readonly type: string;
  /** Of `message`: what has arrived, in one piece or several. */
  readonly data?: Uint8Array | Iterable<Uint8Array>;
  /** Of `close`: why, unless both sides have closed. */
  readonly error?: Error;
  /** Of `peer:discovery`: the peer. */
  readonly detail?: unknown;
}
