import type { NodeId } from '../index.ts';

/** How much the outboxes may hold. */
export interface RoomLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxMessagesInAll: number;
  readonly maxBytesInAll: number;
}

/** How many messages and bytes the outboxes hold, each and in all. */
export class Room {
  messages = 0;
  bytes = 0;
  readonly #limits: RoomLimits;
  readonly #held = new Map<NodeId, { messages: number; bytes: number }>();

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  /** The bound that another message would exceed, with its name. */
  boundFor(to: NodeId, size: number): string | undefined {
    const { maxMessages, maxBytes, maxMessagesInAll, maxBytesInAll } = this.#limits;
    const { messages = 0, bytes = 0 } = this.#held.get(to) ?? {};
    if (messages + 1 > maxMessages) return `maxMessages is ${maxMessages}`;
    if (bytes + size > maxBytes) return `maxBytes is ${maxBytes}`;
    if (this.messages + 1 > maxMessagesInAll) return `maxMessagesInAll is ${maxMessagesInAll}`;
    if (this.bytes + size > maxBytesInAll) return `maxBytesInAll is ${maxBytesInAll}`;
    return undefined;
  }

  /** Messages have come, or gone. */
  count(to: NodeId, messages: number, bytes: number): void {
    const held = this.#held.get(to) ?? { messages: 0, bytes: 0 };
    held.messages += messages;
    held.bytes += bytes;
    if (held.messages === 0) this.#held.delete(to);
    else this.#held.set(to, held);
    this.messages += messages;
    this.bytes += bytes;
  }
}
