import { laneBytesDefault, type LaneOptions, whenFull } from '../flow/strategy.ts';
import { type Credit, grantsPerWindow } from '../session/channel-end.ts';

/**
 * The smallest initial window of a lane that drops, in messages. If the window were no larger than
 * the lane, a small one such as `latest()` would allow only that few messages per round trip.
 */
const lossyWindowMin = 64;
/**
 * The largest window of such a lane, for long round trips. It costs no memory: only the lane
 * decides how many messages wait.
 */
const lossyMessagesMax = 65_536;
const lossyBytesMax = 32 * 1024 * 1024;

/**
 * How much a peer may have in flight to an inbox. Shared by the inboxes that have reached the same
 * size.
 */
export class CreditWindow {
  readonly messages: number;
  readonly bytes: number;
  /** Credit is returned once this many messages or bytes have been consumed. */
  readonly grantMessages: number;
  readonly grantBytes: number;
  readonly #max: Credit;
  #wider: CreditWindow | undefined;

  private constructor({ messages, bytes }: Credit, max: Credit) {
    this.messages = messages;
    this.bytes = bytes;
    this.grantMessages = Math.max(1, Math.floor(messages / grantsPerWindow));
    this.grantBytes = Math.max(1, Math.floor(bytes / grantsPerWindow));
    this.#max = max;
  }

  /** The window that the peers of a lane start with. */
  static of(lane: LaneOptions): CreditWindow {
    return new CreditWindow(atFirst(lane), atLast(lane));
  }

  /** Whether `wider` is any wider. */
  get isNarrow(): boolean {
    return this.messages < this.#max.messages || this.bytes < this.#max.bytes;
  }

  /** The window of twice the size, up to the maximum for the lane. */
  get wider(): CreditWindow {
    const messages = Math.min(2 * this.messages, this.#max.messages);
    const bytes = Math.min(2 * this.bytes, this.#max.bytes);
    return (this.#wider ??= new CreditWindow({ messages, bytes }, this.#max));
  }
}

/** The credit that a peer starts with. */
function atFirst({ strategy, capacity, bytes = laneBytesDefault, initial }: LaneOptions): Credit {
  if (whenFull[strategy] === 'drops') {
    return { messages: Math.max(capacity, lossyWindowMin), bytes };
  }
  if (initial === undefined) return { messages: capacity, bytes };
  return { messages: initial, bytes: Math.min(bytes, laneBytesDefault) };
}

/** The most credit that a peer can get. */
function atLast({ strategy, capacity, bytes = laneBytesDefault }: LaneOptions): Credit {
  if (whenFull[strategy] !== 'drops') return { messages: capacity, bytes };
  return {
    messages: Math.max(capacity, lossyMessagesMax),
    bytes: Math.max(bytes, lossyBytesMax),
  };
}
