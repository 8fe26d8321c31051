import type { NodeId } from '../index.ts';

/** When missing messages are asked for, and how many there may be. */
export interface MissingRules {
  /** How long an announced message may come by itself, in milliseconds. */
  readonly graftAfterMs: number;
  /** How long the first one that was asked has, in milliseconds. It doubles each time. */
  readonly askMs: number;
  /** How often a message is asked for. */
  readonly asksMax: number;
  /** How many messages one neighbour may announce that nobody else has announced before. */
  readonly perNeighbourMax: number;
}

/** A question for a message. */
export interface Ask {
  readonly to: NodeId;
  readonly id: string;
  readonly topic: string;
}

/** A neighbour's announcement. */
export interface Announcement {
  readonly by: NodeId;
  /** How many links the message has passed on its way to it. */
  readonly hops: number;
  /** Whether it will not push the message. */
  readonly isPull: boolean;
}

/** What is to be done about missing messages. */
export interface Due {
  readonly asks: readonly Ask[];
  /** Neighbours that were asked and have not answered, or too late. */
  readonly silent: ReadonlySet<NodeId>;
  /** How many messages are given up. */
  readonly lost: number;
}

/** The longest pause between two questions for a message, in milliseconds. */
const pauseMaxMs = 10_000;
/** How many of the neighbours that have announced a message are remembered. */
const announcersMax = 16;

interface Missed {
  readonly topic: string;
  /** Who announced it first. */
  readonly by: NodeId;
  /** The neighbours to ask, in turn: those that are near to the origin first. */
  announcers: Announcement[];
  /** The one that was asked last. */
  asked: NodeId | undefined;
  /** Whether a neighbour has announced it that does not push it. */
  isPull: boolean;
  asks: number;
  dueMs: number;
}

/**
 * Messages that were announced and have not arrived: whom to ask for them, and when. Each is asked
 * for from one neighbour at a time, with longer and longer pauses.
 *
 *     announced ─▶ graftAfterMs ─▶ ask a ─▶ askMs ─▶ ask b ─▶ 2 askMs ─▶ ask a …
 */
export class Missing {
  readonly #rules: MissingRules;
  readonly #missed = new Map<string, Missed>();
  readonly #counts = new Map<NodeId, number>();

  constructor(rules: MissingRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#missed.size;
  }

  /** A neighbour has a message that this node lacks. Returns false if it has announced too many. */
  announced(id: string, topic: string, announcement: Announcement, nowMs: number): boolean {
    const { by, isPull } = announcement;
    const known = this.#missed.get(id);
    if (known !== undefined) {
      addTo(known.announcers, announcement);
      if (isPull && known.asks === 0) known.dueMs = nowMs;
      known.isPull ||= isPull;
      return true;
    }
    const count = this.#counts.get(by) ?? 0;
    if (count >= this.#rules.perNeighbourMax) return false;
    this.#counts.set(by, count + 1);
    const dueMs = isPull ? nowMs : nowMs + this.#rules.graftAfterMs;
    const announcers = [announcement];
    this.#missed.set(id, { topic, by, announcers, asked: undefined, isPull, asks: 0, dueMs });
    return true;
  }

  /**
   * The message is not missing any more. Returns whether it comes because it was asked for, outside
   * the tree.
   */
  arrived(id: string): boolean {
    const missed = this.#missed.get(id);
    if (missed === undefined) return false;
    this.#missed.delete(id);
    const count = (this.#counts.get(missed.by) ?? 1) - 1;
    if (count === 0) this.#counts.delete(missed.by);
    else this.#counts.set(missed.by, count);
    return missed.isPull && missed.asked !== undefined;
  }

  /** The neighbour has left: what it was asked for, another one is asked for now. */
  gone(neighbour: NodeId, nowMs: number): void {
    for (const [id, missed] of this.#missed) {
      missed.announcers = missed.announcers.filter(({ by }) => by !== neighbour);
      if (missed.asked === neighbour) {
        missed.asked = undefined;
        missed.dueMs = nowMs;
      }
      if (missed.announcers.length === 0) this.arrived(id);
    }
  }

  /** When the next one is due; undefined if none is missing. */
  get nextMs(): number | undefined {
    let nextMs: number | undefined;
    for (const { dueMs } of this.#missed.values()) nextMs = Math.min(nextMs ?? dueMs, dueMs);
    return nextMs;
  }

  /** What is due now. */
  due(nowMs: number): Due {
    const asks: Ask[] = [];
    const silent = new Set<NodeId>();
    let lost = 0;
    for (const [id, missed] of this.#missed) {
      if (missed.dueMs > nowMs) continue;
      if (missed.asked !== undefined) silent.add(missed.asked);
      const next = missed.announcers.shift();
      if (next === undefined || missed.asks >= this.#rules.asksMax) {
        this.arrived(id);
        lost += 1;
        continue;
      }
      missed.announcers.push(next);
      missed.asked = next.by;
      missed.dueMs = nowMs + Math.min(pauseMaxMs, this.#rules.askMs * 2 ** missed.asks);
      missed.asks += 1;
      asks.push({ to: next.by, id, topic: missed.topic });
    }
    return { asks, silent, lost };
  }
}

/** Before those that are farther from the origin. */
function addTo(announcers: Announcement[], announcement: Announcement): void {
  const { by, hops } = announcement;
  if (announcers.length >= announcersMax || announcers.some((each) => each.by === by)) return;
  const at = announcers.findIndex((each) => each.hops > hops);
  announcers.splice(at === -1 ? announcers.length : at, 0, announcement);
}
