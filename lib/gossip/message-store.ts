import type { NodeId } from '../index.ts';
import type { Frame } from './frame.ts';

/** A message that can be sent. */
export interface Held {
  /** As a text with a character for each byte. */
  readonly id: string;
  readonly topic: string;
  /** As it is sent to all neighbours. */
  readonly frame: Frame;
  /** The length of the frame, and that of the message in it. */
  readonly bytes: number;
  readonly payloadBytes: number;
  /** How many links it has passed on its way to this node; 0 for its own. */
  readonly hops: number;
  /** The neighbour that brought it; undefined for an own message. */
  readonly from: NodeId | undefined;
  readonly atMs: number;
  /** The neighbours that have it, as far as this node knows: they have sent or announced it. */
  readonly knownTo: Set<NodeId>;
  /** How often each neighbour has asked for it, and how often it has brought it. */
  readonly asked: Map<NodeId, number>;
  readonly brought: Map<NodeId, number>;
}

/** How much a store may hold. */
export interface StoreBounds {
  readonly messages: number;
  readonly bytes: number;
  readonly ms: number;
}

/** The latest messages, for neighbours that ask for them. */
export class MessageStore {
  readonly #bounds: StoreBounds;
  readonly #held = new Map<string, Held>();
  #bytes = 0;

  constructor(bounds: StoreBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a message, and drops the oldest ones beyond the bounds. */
  add(held: Held): void {
    this.#held.set(held.id, held);
    this.#bytes += held.bytes;
    for (const oldest of this.#held.values()) {
      const isOver =
        this.#held.size > this.#bounds.messages ||
        this.#bytes > this.#bounds.bytes ||
        held.atMs - oldest.atMs > this.#bounds.ms;
      if (!isOver) return;
      this.#held.delete(oldest.id);
      this.#bytes -= oldest.bytes;
    }
  }

  get(id: string, nowMs: number): Held | undefined {
    const held = this.#held.get(id);
    return held !== undefined && nowMs - held.atMs <= this.#bounds.ms ? held : undefined;
  }

  /** Messages of at most this age, oldest first. */
  since(nowMs: number, ageMs: number): readonly Held[] {
    return [...this.#held.values()].filter(({ atMs }) => nowMs - atMs <= ageMs);
  }
}
