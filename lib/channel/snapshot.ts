import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PortSnapshot } from '../session/session.ts';
import type { AbsenceSnapshot } from './absences.ts';
import type { Channels } from './channels.ts';

/** A peer that is up. */
export interface PeerSnapshot {
  readonly id: NodeId;
  readonly direction: Direction;
  readonly remote: Endpoint;
  readonly moniker: string;
  /**
   * When it came up, in milliseconds on the router's clock. That is not the date: it has been up
   * for `clock.now() - upSinceMs`, where the default clock is `systemClock`.
   */
  readonly upSinceMs: number;
  /**
   * How long the last ping and its answer took, in milliseconds; absent before the first answer.
   * Frames that the sockets held then are part of it.
   */
  readonly roundTripMs?: number;
  /** The channels that are open here, with their lanes and counters. */
  readonly channels: readonly PortSnapshot[];
}

/** What a switchboard knows at one moment. */
export interface SwitchboardSnapshot {
  /** Ids of the channels that are open. */
  readonly channels: readonly number[];
  readonly peers: readonly PeerSnapshot[];
  /** Recipients that are away, and what waits for them, by channel. */
  readonly awaited: readonly (AbsenceSnapshot & { readonly channel: number })[];
  /** Messages that were dropped so far, by channel and reason. */
  readonly drops: readonly {
    readonly channel: number;
    readonly reason: DropReason;
    readonly count: number;
  }[];
}

/** A copy of what is known now. */
export function snapshotOf(channels: Channels): SwitchboardSnapshot {
  const peers = [...channels.sessions()].map((session) => ({
    id: session.id,
    direction: session.direction,
    remote: session.remote,
    moniker: session.nodeInfo.moniker,
    upSinceMs: session.upSinceMs,
    ...(session.roundTripMs !== undefined && { roundTripMs: session.roundTripMs }),
    channels: session.snapshot(),
  }));
  const drops = [...channels.drops()].flatMap(([channel, reasons]) =>
    [...reasons].map(([reason, count]) => ({ channel, reason, count })),
  );
  return { channels: channels.ids, peers, awaited: channels.absences(), drops };
}
