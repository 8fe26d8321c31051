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

/** What a channel needs from its node. */
export interface ChannelHost {
  readonly self: NodeId;
  readonly clock: Clock;
  session(peer: NodeId): Session | undefined;
  sessions(): Iterable<Session>;
  dropped(drop: Drop): void;
  /**
   * The codec threw `thrown` for a message from `peer`. A peer that exceeds its allowance is muted
   * on every channel and reported.
   */
  decodeFailed(peer: NodeId, channel: number, thrown: unknown): void;
  /** Whether messages from the peer's current connection are no longer decoded. */
  isMuted(peer: NodeId): boolean;
  reported(report: PeerReport): void;
  /** A message is waiting in a lane. */
  mayStall(): void;
  /**
   * Sends on a channel have started to wait for an absent peer (`undefined`: for any peer), or none
   * waits any more.
   */
  awaited(channel: number, peer: NodeId | undefined, awaited: boolean): void;
  sourceFailed(channel: number, error: unknown): void;
  consumerFailed(channel: number, error: RxmeshError): void;
  /**
   * Emits when the node starts to say goodbye, before its lanes are drained; immediately if it has
   * already started.
   */
  readonly leaving$: Observable<void>;
  /** Called when the channel has closed and accepts nothing more. */
  closed(channel: ChannelEnd): void;
}

/** `ChannelOptions` with the defaults filled in. */
export interface ChannelSettings<T> {
  readonly id: number;
  readonly codec: Codec<T>;
  readonly inbound: LaneOptions;
  readonly outbound: LaneOptions;
  readonly priority: number;
  readonly slowPeer: SlowPeerPolicy;
  readonly messageBytesMax: number;
}
