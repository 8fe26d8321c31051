import type { Direction } from '../model/direction.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { DropReason } from '../model/event.ts';
import type { NodeId } from '../model/id.ts';
import type { PortSnapshot } from '../session/port-snapshot.ts';
import type { Session } from '../session/session.ts';
import type { AbsenceSnapshot } from './absences.ts';
import type { Channels } from './channels.ts';

/** A peer that is up. */
export interface PeerSnapshot {
  readonly id: NodeId;
  readonly direction: Direction;
  readonly remote: Endpoint;
  readonly moniker: string;
  /**
   * When it came up, in milliseconds on the router's clock, which is not a date: it has been up for
   * `clock.now() - upSinceMs`. The default clock is `systemClock`.
   */
  readonly upSinceMs: number;
  /**
   * How long the last ping and its answer took, in milliseconds; left out before the first answer.
   * Includes the time that they spent behind other data in socket buffers.
   */
  readonly roundTripMs?: number;
  /** The channels that are open here, with their lanes and counters. */
  readonly channels: readonly PortSnapshot[];
}

/** The state of a switchboard at one moment. */
export interface SwitchboardSnapshot {
  /** Ids of the open channels. */
  readonly channels: readonly number[];
  /** Those whose `in$` has no consumer, so that nothing takes what arrives. */
  readonly unconsumed: readonly number[];
  readonly peers: readonly PeerSnapshot[];
  /** Absent recipients and what waits for them, by channel. */
  readonly awaited: readonly (AbsenceSnapshot & { readonly channel: number })[];
  /** How many messages have been dropped so far, by channel and reason. */
  readonly drops: readonly {
    readonly channel: number;
    readonly reason: DropReason;
    readonly count: number;
  }[];
}

/** A copy of the current state. */
export function snapshotOf(channels: Channels): SwitchboardSnapshot {
  const peers = Array.from(channels.sessions(), peerOf);
  const drops = [...channels.drops()].flatMap(([channel, reasons]) =>
    [...reasons].map(([reason, count]) => ({ channel, reason, count })),
  );
  const { ids, unconsumed } = channels;
  return { channels: ids, unconsumed, peers, awaited: channels.absences(), drops };
}

/** Written out, as that of a port is: spreading a part of it takes several times as long. */
function peerOf(session: Session): PeerSnapshot {
  const { id, direction, remote, upSinceMs, roundTripMs } = session;
  const { moniker } = session.nodeInfo;
  const channels = session.snapshot();
  return roundTripMs === undefined
    ? { id, direction, remote, moniker, upSinceMs, channels }
    : { id, direction, remote, moniker, upSinceMs, roundTripMs, channels };
}
