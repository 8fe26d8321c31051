import type { ChannelOptions, NodeId, RouterLike, RxmeshError } from '../index.ts';
import type { Frame } from './frame.ts';
import type { HandlerRules } from './hosts.ts';
import type { RoomLimits } from './room.ts';
import type { DeliveryStore } from './store.ts';

/** What deliveries need of a router. */
export type DeliveriesRouter = Pick<RouterLike, 'openChannel' | 'events$' | 'snapshot'>;

/** The bounds of a service. */
export interface Limits extends RoomLimits {
  readonly window: number;
  readonly windowBytes: number;
  readonly concurrency: number;
  readonly maxSenders: number;
}

/** What a service does at the moment. */
export interface DeliveriesSnapshot {
  /** Messages that have not been handled by their recipients, and their bytes. */
  readonly messages: number;
  readonly bytes: number;
  /** Handlers that run. */
  readonly handling: number;
  /** Messages dropped so far because they belonged to no opening (docs/wire.md). */
  readonly dropped: number;
}

/** A delivery that has ended with an error. */
export interface Lost {
  readonly to: NodeId;
  readonly payload: Uint8Array;
  readonly error: RxmeshError;
}

/** What a board works with. */
export interface BoardOptions {
  readonly channel: Omit<ChannelOptions<Frame>, 'codec'>;
  readonly limits: Limits;
  readonly rules: HandlerRules;
  readonly store: DeliveryStore | undefined;
  /** Throws what the codec throws. */
  readonly decode: (bytes: Uint8Array) => unknown;
}
