import type { Observable } from 'rxjs';
import type { Codec } from '../codec/codec.ts';
import type { Clock } from '../flow/clock.ts';
import type { LaneOptions } from '../flow/strategy.ts';
import type { RxmeshError } from '../model/error.ts';
import type { NodeId } from '../model/id.ts';
import type { PeerReport } from '../model/peer-report.ts';
import type { ChannelEnd, Drop } from '../session/channel-end.ts';
import type { Session } from '../session/session.ts';
import type { SlowPeerPolicy } from './channel.ts';

/** What a channel asks of the node that it belongs to. */
export interface ChannelHost {
  readonly self: NodeId;
  readonly clock: Clock;
  session(peer: NodeId): Session | undefined;
  sessions(): Iterable<Session>;
  dropped(drop: Drop): void;
  /**
   * The codec has thrown this at a message of `peer`. After one failure too many, every channel is
   * told to mute the peer, and the peer is reported.
   */
  decodeFailed(peer: NodeId, channel: number, thrown: unknown): void;
  /** Whether nothing more of the peer's connection is to be decoded. */
  isMuted(peer: NodeId): boolean;
  reported(report: PeerReport): void;
  /** Something waits in a lane. */
  mayStall(): void;
  /** Sends on a channel wait for a peer that is away, or for anyone, or no longer. */
  awaited(channel: number, peer: NodeId | undefined, awaited: boolean): void;
  sourceFailed(channel: number, error: unknown): void;
  consumerFailed(channel: number, error: RxmeshError): void;
  /** Emits when the node says goodbye, before lanes empty: at once when it has begun to. */
  readonly leaving$: Observable<void>;
  /** The channel is closed and out of use. */
  closed(channel: ChannelEnd): void;
}

/** A `ChannelOptions` with nothing left out. */
export interface ChannelSettings<T> {
  readonly id: number;
  readonly codec: Codec<T>;
  readonly inbound: LaneOptions;
  readonly outbound: LaneOptions;
  readonly priority: number;
  readonly slowPeer: SlowPeerPolicy;
  readonly messageBytesMax: number;
}
