import type { Direction } from './direction.ts';
import type { NodeAddress } from './address.ts';
import type { Endpoint } from './endpoint.ts';
import { errorOf, type RxmeshError } from './error.ts';
import type { NodeId } from './id.ts';
import type { NodeInfo } from './node-info.ts';
import type { Severity } from './peer-report.ts';

/** Why a message was not delivered. */
export type DropReason =
  /** no such peer is connected */
  | 'unknown-peer'
  /** it was addressed to this node */
  | 'to-self'
  /** a broadcast while no connected peer has the channel open, or an envelope without recipient */
  | 'no-recipient'
  /** the peer has not opened the channel, or closed it while the message was queued */
  | 'channel-not-open'
  /**
   * its lane was full: the strategy or the channel's `slowPeer` dropped it, or too many sends were
   * already waiting for the lane
   */
  | 'lane-full'
  /** the connection ended while it was queued */
  | 'peer-down'
  /** this node closed the channel */
  | 'channel-closed'
  /** this node stopped before the message was written, or before a consumer took it */
  | 'node-stopped'
  /** the codec could not encode it */
  | 'encode-failed'
  /** the codec could not decode it */
  | 'decode-failed'
  /** it exceeds the channel's size limit */
  | 'too-large';

/** What the application did to peers, with `router.peers`. */
export type PeerCommand =
  | { readonly name: 'add' | 'dial'; readonly address: NodeAddress }
  | { readonly name: 'disconnect' | 'remove'; readonly peer: NodeId }
  | { readonly name: 'ban' | 'unban'; readonly peer: NodeId }
  | { readonly name: 'ban' | 'unban'; readonly ip: string }
  | {
      readonly name: 'set-persistent';
      readonly peer: NodeId;
      readonly isPersistent: boolean;
    }
  | { readonly name: 'set-limits'; readonly limits: Readonly<Record<string, number>> }
  | { readonly name: 'redial' };

/** An event of a router, as reported by `router.events$`. Discriminated by `type`. */
export type RouterEvent =
  | {
      readonly type: 'peer-up';
      readonly peer: NodeId;
      readonly direction: Direction;
      readonly remote: Endpoint;
      /** IDs of the channels that the peer has open. */
      readonly channels: readonly number[];
      /** What the peer says about itself. */
      readonly nodeInfo: NodeInfo;
    }
  | {
      readonly type: 'peer-down';
      readonly peer: NodeId;
      readonly direction: Direction;
      /** The reason; absent when this node closed the connection normally. */
      readonly error?: RxmeshError;
    }
  /** A peer opened or closed a channel while connected. */
  | {
      readonly type: 'peer-channel';
      readonly peer: NodeId;
      readonly channel: number;
      readonly open: boolean;
    }
  /** An address could not be resolved or dialed, or the handshake with it failed. */
  | { readonly type: 'dial-failed'; readonly address: NodeAddress; readonly error: RxmeshError }
  /**
   * A connection was refused: its origin or host is not allowed, there are too many, the handshake
   * failed, the peer is incompatible, no slot is free, or it is a duplicate.
   */
  | {
      readonly type: 'connection-refused';
      readonly direction: Direction;
      readonly remote: Endpoint;
      /** The peer, if it has proved its identity. */
      readonly peer?: NodeId;
      readonly error: RxmeshError;
    }
  /**
   * Another node runs with the key of this one, or this node has dialed itself under another ID.
   * The node was met where this node dialed (`address`), or it dialed from `remote`; or the peer at
   * `address` keeps refusing this node because it has a connection with that ID already. Repeated
   * at most once a minute for one place.
   */
  | {
      readonly type: 'identity-in-use';
      readonly direction: Direction;
      readonly address?: NodeAddress;
      readonly remote?: Endpoint;
      readonly error: RxmeshError;
    }
  /**
   * A transport could not listen, or stopped listening with an error. If it has listened before,
   * the router retries with growing delays.
   */
  | { readonly type: 'transport-failed'; readonly transport: string; readonly error: RxmeshError }
  | {
      readonly type: 'message-dropped';
      readonly direction: Direction;
      readonly channel: number;
      readonly reason: DropReason;
      /** Number of such messages in one turn of the event loop. */
      readonly count: number;
      readonly peer?: NodeId;
      readonly error?: RxmeshError;
    }
  /**
   * A lane has stalled: messages are queued and none has left it for `timeouts.stallMs`. With
   * `stalled: false`, the lane is moving again or has been removed.
   */
  | {
      readonly type: 'lane-stalled';
      readonly peer: NodeId;
      readonly channel: number;
      readonly direction: Direction;
      readonly stalled: boolean;
      /** Number of queued messages. */
      readonly depth: number;
    }
  /**
   * Sends are waiting for a peer to connect or to open the channel. With `awaited: false`, they no
   * longer wait.
   */
  | {
      readonly type: 'recipient-awaited';
      readonly channel: number;
      /** If absent, any peer with the channel open will do. */
      readonly peer?: NodeId;
      readonly awaited: boolean;
    }
  /**
   * A channel or the router itself reported a peer for misbehaving. Good reports are in `reports$`
   * only.
   */
  | {
      readonly type: 'peer-reported';
      readonly peer: NodeId;
      readonly severity: Severity;
      readonly error: RxmeshError;
    }
  /**
   * A peer is being disconnected: for its behaviour, because of a ban, or because one that ranks
   * higher takes its slot. `peer-down` follows.
   */
  | { readonly type: 'peer-evicted'; readonly peer: NodeId; readonly error: RxmeshError }
  /** The application has given a command to `router.peers`. */
  | { readonly type: 'peer-command'; readonly command: PeerCommand }
  /**
   * A stream that feeds a channel (its `out` or `reports`, or a piped source) failed, or a handler
   * of its calls or deliveries did. The channel stays open.
   */
  | { readonly type: 'source-failed'; readonly channel: number; readonly error: unknown }
  /**
   * A consumer of a channel's `in$` was cut off: an operator lost its demand
   * (`RXMESH_DEMAND_LOST`), or its buffer exceeded its bound (`RXMESH_OVERFLOW`). If it was the
   * only consumer, the channel's peers are held back.
   */
  | { readonly type: 'consumer-failed'; readonly channel: number; readonly error: RxmeshError }
  /**
   * A function passed in the options threw, or returned an invalid value: `random`, `clock.now`,
   * `transport.close` … The node carries on without the result. A repeated failure is reported only
   * once.
   */
  | { readonly type: 'callback-failed'; readonly callback: string; readonly error: RxmeshError }
  /**
   * The peer store could not be opened, read or written. The node carries on with the peers in
   * memory and tries again each second. A repeated failure is reported only once.
   */
  | { readonly type: 'store-failed'; readonly error: RxmeshError }
  /**
   * A record of the peer store is damaged and will be deleted, or was written by a newer version
   * and is left alone.
   */
  | { readonly type: 'store-record-skipped'; readonly error: RxmeshError }
  /** An internal failure of the router. It stops, as if by `stop`. */
  | { readonly type: 'fatal'; readonly error: RxmeshError };

/** An event of the peer store. */
export type StoreEvent = Extract<
  RouterEvent,
  { readonly type: 'store-failed' | 'store-record-skipped' }
>;

/** The `callback-failed` event for an error that a function in the options threw. */
export function callbackFailed(callback: string, thrown: unknown): RouterEvent {
  const error = errorOf(thrown, 'RXMESH_CALLBACK_FAILED', `${callback} has failed`);
  return { type: 'callback-failed', callback, error };
}
