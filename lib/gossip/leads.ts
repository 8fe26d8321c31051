import type { NodeId } from '../index.ts';

/** For how long a node leads after its message, at least, in milliseconds. At most twice that. */
const leadMs = 1_000;

/** The origins of a topic in the second that runs, and in the one before. */
interface Lead {
  sinceMs: number;
  lowest: NodeId | undefined;
  before: NodeId | undefined;
}

/**
 * Whose duplicates prune links: those of one origin of each topic at a time, the one with the
 * lowest ID of late. All nodes agree on it without a word, since they hear the same messages.
 *
 * When several nodes publish at the same time, their messages enter a cycle of links at different
 * places, and their copies meet at different ones. If all of them pruned, the cycle would break at
 * several places. That cuts off a part of the network, which asks for what it misses, and so makes
 * the next cycle.
 */
export class Leads {
  readonly #topicsMax: number;
  readonly #leads = new Map<string, Lead>();

  /** @param topicsMax how many topics are remembered; beyond that, the oldest one begins anew */
  constructor(topicsMax: number) {
    this.#topicsMax = topicsMax;
  }

  /** Notes a message. Returns whether its origin leads. */
  heard(topic: string, origin: NodeId, nowMs: number): boolean {
    const lead = this.#leads.get(topic) ?? this.#begin(topic, nowMs);
    const age = nowMs - lead.sinceMs;
    if (age >= leadMs) {
      lead.before = age < 2 * leadMs ? lead.lowest : undefined;
      lead.lowest = undefined;
      lead.sinceMs = nowMs;
    }
    if (lead.lowest === undefined || origin < lead.lowest) lead.lowest = origin;
    return origin === lead.lowest && (lead.before === undefined || origin <= lead.before);
  }

  #begin(topic: string, nowMs: number): Lead {
    const lead: Lead = { sinceMs: nowMs, lowest: undefined, before: undefined };
    this.#leads.set(topic, lead);
    if (this.#leads.size > this.#topicsMax) {
      for (const oldest of this.#leads.keys()) {
        this.#leads.delete(oldest);
        break;
      }
    }
    return lead;
  }
}
