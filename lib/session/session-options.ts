import type { Clock } from '../flow/clock.ts';
import type { NodeId } from '../model/id.ts';
import type { Link } from '../transport/link.ts';
import type { Drop } from './channel-end.ts';
import type { Discipline } from './discipline.ts';
import type { KeepAliveSettings } from './keep-alive.ts';

/** What a session needs from its node. */
export interface SessionOptions {
  readonly link: Link;
  readonly id: NodeId;
  readonly clock: Clock;
  /** Creates the discipline, which chooses the channel that writes next. */
  readonly discipline: () => Discipline;
  readonly keepAlive: KeepAliveSettings;
  readonly onDrop: (drop: Drop) => void;
  /** The peer has opened or closed a channel while up. */
  readonly onPeerChannel: (channel: number, open: boolean) => void;
  /** Messages wait in an outbox for credit, or for its rate. Called often. */
  readonly onHeldBack: () => void;
}
