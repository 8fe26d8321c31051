import type { NodeId } from '../index.ts';

/** A message that can be sent. */
export interface Held {
  /** As a text with a character for each byte. */
  readonly id: string;
  readonly topic: string;
  /** The frame, as it is sent to all neighbours; undefined when the store has dropped it. */
  encoded: Uint8Array | undefined;
  /** The length of the frame, and that of the message in it. */
  readonly bytes: number;
  readonly payloadBytes: number;
  /** How many links it has passed on its way to this node; 0 for its own. */
  readonly hops: number;
  /** The neighbour that brought it; undefined for an own message. */
  readonly from: NodeId | undefined;
  readonly atMs: number;
  /** Whether its duplicates prune links: see `Leads`. */
  readonly isLead: boolean;
  /** When its origin published it, by the origin's date. */
  readonly dateMs: number;
  /** Its place among all messages that the store has had, from 1. */
  readonly place: number;
  /** Other neighbours that have it, as far as this node knows: they have sent or announced it. */
  knownTo?: Set<NodeId>;
  /** The next one in its store. */
  later?: Held | undefined;
}

/** Whether a neighbour has the message, as far as this node knows. */
export function isKnownTo({ from, knownTo }: Held, neighbour: NodeId): boolean {
  return from === neighbour || knownTo?.has(neighbour) === true;
}

/** A neighbour has the message. */
export function noteKnownTo(held: Held, neighbour: NodeId): void {
  if (held.from === neighbour) return;
  held.knownTo ??= new Set();
  held.knownTo.add(neighbour);
}

/** How much a store may hold. */
export interface StoreBounds {
  readonly messages: number;
  readonly bytes: number;
  readonly ms: number;
}

/** A part of what a store holds. */
export interface Part {
  readonly held: readonly Held[];
  /** The place after which the next part begins; 0 if there is none. */
  readonly next: number;
}

/** The latest messages, for neighbours that ask for them. */
export class MessageStore {
  readonly #bounds: StoreBounds;
  readonly #held = new Map<string, Held>();
  /** The ends of the list of all that it holds. A map is slow to find its oldest entry. */
  #oldest: Held | undefined;
  #newest: Held | undefined;
  #bytes = 0;
  #lastPlace = 0;

  constructor(bounds: StoreBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The place of the next message that is added. */
  get nextPlace(): number {
    return this.#lastPlace + 1;
  }

  /** Adds a message, and drops the oldest ones beyond the bounds. It is kept itself in any case. */
  add(held: Held): void {
    this.#held.set(held.id, held);
    this.#bytes += held.bytes;
    this.#lastPlace = held.place;
    if (this.#newest === undefined) this.#oldest = held;
    else this.#newest.later = held;
    this.#newest = held;
    while (this.#oldest !== undefined && this.#oldest !== held && this.#isOver(this.#oldest)) {
      this.#drop(this.#oldest);
    }
  }

  get(id: string, nowMs: number): Held | undefined {
    const held = this.#held.get(id);
    return held !== undefined && nowMs - held.atMs <= this.#bounds.ms ? held : undefined;
  }

  /** Messages of at most this age, oldest first. */
  since(nowMs: number, ageMs: number): readonly Held[] {
    return [...this.#all()].filter(({ atMs }) => nowMs - atMs <= ageMs);
  }

  /** The first messages after a place that a neighbour wants, up to `max`, oldest first. */
  after(place: number, max: number, nowMs: number, isWanted: (held: Held) => boolean): Part {
    const found: Held[] = [];
    for (const held of this.#all()) {
      if (held.place <= place || nowMs - held.atMs > this.#bounds.ms || !isWanted(held)) continue;
      if (found.length === max) return { held: found, next: found.at(-1)?.place ?? 0 };
      found.push(held);
    }
    return { held: found, next: 0 };
  }

  *#all(): Generator<Held> {
    for (let held = this.#oldest; held !== undefined; held = held.later) yield held;
  }

  /** Whether the oldest one is too much, or too old beside the newest. */
  #isOver({ atMs }: Held): boolean {
    const { messages, bytes, ms } = this.#bounds;
    const nowMs = this.#newest?.atMs ?? atMs;
    return this.#held.size > messages || this.#bytes > bytes || nowMs - atMs > ms;
  }

  /** Its body goes, even if it waits for a neighbour: only the store keeps bodies. */
  #drop(oldest: Held): void {
    // It may have come again, after it was forgotten.
    if (this.#held.get(oldest.id) === oldest) this.#held.delete(oldest.id);
    this.#bytes -= oldest.bytes;
    this.#oldest = oldest.later;
    oldest.encoded = undefined;
    oldest.later = undefined;
  }
}
