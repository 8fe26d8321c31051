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
  /** it was addressed to this node itself */
  | 'to-self'
  /** a broadcast that no connected peer has the channel for, or an envelope without a recipient */
  | 'no-recipient'
  /** the peer has not opened the channel, or closed it while the message waited */
  | 'channel-not-open'
  /**
   * its lane was full, and the strategy or the channel's `slowPeer` dropped it, or too many sends
   * waited for it
   */
  | 'lane-full'
  /** the connection ended while it waited */
  | 'peer-down'
  /** its channel was closed here */
  | 'channel-closed'
  /** the codec refused it */
  | 'encode-failed'
  /** what arrived is not a message of this channel */
  | 'decode-failed'
  /** it is longer than the channel allows */
  | 'too-large';

/** What happens at a node, as `router.events$` tells it. Told apart by `type`. */
export type RouterEvent =
  | {
      readonly type: 'peer-up';
      readonly peer: NodeId;
      readonly direction: Direction;
      readonly remote: Endpoint;
      /** Ids of the channels that the peer has open. */
      readonly channels: readonly number[];
      /** What the peer tells of itself. */
      readonly nodeInfo: NodeInfo;
    }
  | {
      readonly type: 'peer-down';
      readonly peer: NodeId;
      readonly direction: Direction;
      /** Why; absent when this node ended the connection itself, without complaint. */
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
   * A connection was turned away: its web page or host is not welcome, too many, no proof, not
   * compatible, no slot, duplicate.
   */
  | {
      readonly type: 'connection-refused';
      readonly direction: Direction;
      readonly remote: Endpoint;
      /** The peer, if it has proved who it is. */
      readonly peer?: NodeId;
      readonly error: RxmeshError;
    }
  /**
   * A transport could not listen, or stopped listening with an error. One that has listened before
   * is asked to listen again, after waits that grow.
   */
  | { readonly type: 'transport-failed'; readonly transport: string; readonly error: RxmeshError }
  | {
      readonly type: 'message-dropped';
      readonly direction: Direction;
      readonly channel: number;
      readonly reason: DropReason;
      /** How many messages of that kind in one turn of the event loop. */
      readonly count: number;
      readonly peer?: NodeId;
      readonly error?: RxmeshError;
    }
  /**
   * Messages wait in a lane, and none has left it for `timeouts.stallMs`; or one has again, or the
   * lane is no more.
   */
  | {
      readonly type: 'lane-stalled';
      readonly peer: NodeId;
      readonly channel: number;
      readonly direction: Direction;
      readonly stalled: boolean;
      /** How many messages wait. */
      readonly depth: number;
    }
  /** Sends wait for a peer that is away, or has not opened the channel; or no longer. */
  | {
      readonly type: 'recipient-awaited';
      readonly channel: number;
      /** Absent: for anyone who has the channel. */
      readonly peer?: NodeId;
      readonly awaited: boolean;
    }
  /**
   * A peer was reported for what it did wrong, by a channel or by the router itself. Good reports
   * are in `reports$` only.
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
  /**
   * A stream that was piped to a channel, or subscribed to its `out` or `reports`, failed; the
   * channel stays open.
   */
  | { readonly type: 'source-failed'; readonly channel: number; readonly error: unknown }
  /**
   * A consumer of a channel's `in$` gets no more: an operator has lost its demand
   * (`RXMESH_DEMAND_LOST`), or what waited for it has grown over its bound (`RXMESH_OVERFLOW`).
   * Without another one, the channel's peers are held back.
   */
  | { readonly type: 'consumer-failed'; readonly channel: number; readonly error: RxmeshError }
  /**
   * A function that was given in options has thrown, or has answered nonsense: `random`,
   * `clock.now`, `transport.close` … The node goes on without its answer. One that fails each time
   * is told once.
   */
  | { readonly type: 'callback-failed'; readonly callback: string; readonly error: RxmeshError }
  /** Something failed that cannot, in the router itself: it stops, as by `stop`. */
  | { readonly type: 'fatal'; readonly error: RxmeshError };

/** The event of a function in options that has failed. */
export function callbackFailed(callback: string, thrown: unknown): RouterEvent {
  const error = errorOf(thrown, 'RXMESH_CALLBACK_FAILED', `${callback} has failed`);
  return { type: 'callback-failed', callback, error };
}
