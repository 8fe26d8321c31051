import type { Clock } from '../flow/clock.ts';
import type { NodeId } from '../model/id.ts';
import type { Discipline } from '../session/discipline.ts';
import type { KeepAliveSettings } from '../session/keep-alive.ts';

/** Options of a `Switchboard`. */
export interface SwitchboardOptions {
  /** The node's own ID. */
  readonly self: NodeId;
  /** Default: the system's clock. */
  readonly clock?: Clock | undefined;
  /** Makes, for each connection, what chooses the channel that writes next. Default `fair`. */
  readonly discipline?: (() => Discipline) | undefined;
  /**
   * A lane in which messages wait, and out of which none has come for so long, is told as stalled.
   * Default 10 s; 0: never.
   */
  readonly stallMs?: number | undefined;
  /**
   * How many messages of one peer may fail to decode a second, and at once after a pause. One more
   * is reported with the severity `disconnect`. Default 100.
   */
  readonly decodeFailuresPerSecond?: number | undefined;
  /**
   * When silent peers are pinged, and given up. Default: a ping every 10 s, and 30 s without a sign
   * of life; `intervalMs: 0` turns it off.
   */
  readonly keepAlive?: Partial<KeepAliveSettings> | undefined;
}
