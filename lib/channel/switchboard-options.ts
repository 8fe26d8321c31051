import type { Clock } from '../flow/clock.ts';
import type { NodeId } from '../model/id.ts';
import type { Discipline } from '../session/discipline.ts';
import type { KeepAliveSettings } from '../session/keep-alive.ts';

/** Options of a `Switchboard`. */
export interface SwitchboardOptions {
  /** The node's own ID. */
  readonly self: NodeId;
  /** Default: the system clock. */
  readonly clock?: Clock | undefined;
  /**
   * Creates the discipline for a connection, which chooses the channel to write next. Default
   * `fair`.
   */
  readonly discipline?: (() => Discipline) | undefined;
  /**
   * How long messages may wait in a lane with none leaving before it is reported as stalled, in
   * milliseconds. Default 10,000; 0 disables the reports.
   */
  readonly stallMs?: number | undefined;
  /**
   * How many messages from one peer may fail to decode, or be too large, per second, and in a burst
   * after a pause. A peer that exceeds this is reported with the severity `disconnect`. Default
   * 100.
   */
  readonly decodeFailuresPerSecond?: number | undefined;
  /**
   * When to ping peers and when to give them up. Default: a ping every 10 s, and 30 s without any
   * sign of life; `intervalMs: 0` disables both.
   */
  readonly keepAlive?: Partial<KeepAliveSettings> | undefined;
}
