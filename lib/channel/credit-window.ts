import { laneBytesDefault, type LaneOptions, whenFull } from '../flow/strategy.ts';
import { type Credit, grantsPerWindow } from '../session/channel-end.ts';

/**
 * Messages that a peer may have under way to a lane that drops, at first: with a window of its
 * capacity a small lane, `latest()` above all, would get so few messages a round trip.
 */
const lossyWindowMin = 64;
/** The same over a long line. What comes does not wait there, whatever the window. */
const lossyMessagesMax = 65_536;
const lossyBytesMax = 32 * 1024 * 1024;

/**
 * How much a peer may have under way to an inbox. It is shared by the inboxes that have come to the
 * same.
 */
export class CreditWindow {
  readonly messages: number;
  readonly bytes: number;
  /** Credit goes back when so many messages were consumed, or so many bytes. */
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

  /** The window with which the peers of a lane begin. */
  static of(lane: LaneOptions): CreditWindow {
    return new CreditWindow(atFirst(lane), atLast(lane));
  }

  /** Whether there is a wider one. */
  get isNarrow(): boolean {
    return this.messages < this.#max.messages || this.bytes < this.#max.bytes;
  }

  /** The window of twice the size, as far as the lane has it. */
  get wider(): CreditWindow {
    const messages = Math.min(2 * this.messages, this.#max.messages);
    const bytes = Math.min(2 * this.bytes, this.#max.bytes);
    return (this.#wider ??= new CreditWindow({ messages, bytes }, this.#max));
  }
}

/** Credit that a peer has at first. */
function atFirst({ strategy, capacity, bytes = laneBytesDefault, initial }: LaneOptions): Credit {
  if (whenFull[strategy] === 'drops') {
    return { messages: Math.max(capacity, lossyWindowMin), bytes };
  }
  if (initial === undefined) return { messages: capacity, bytes };
  return { messages: initial, bytes: Math.min(bytes, laneBytesDefault) };
}

/** Credit that a peer has at most. */
function atLast({ strategy, capacity, bytes = laneBytesDefault }: LaneOptions): Credit {
  if (whenFull[strategy] !== 'drops') return { messages: capacity, bytes };
  return {
    messages: Math.max(capacity, lossyMessagesMax),
    bytes: Math.max(bytes, lossyBytesMax),
  };
}
