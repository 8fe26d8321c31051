import type { NodeId } from '../index.ts';
import { Asked } from './asked.ts';

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
  /** How long after it was announced a message may still be taken, in milliseconds. */
  readonly keepMs: number;
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
  readonly id: string;
  readonly topic: string;
  /** Who announced it first. */
  readonly by: NodeId;
  readonly announcedMs: number;
  /** The neighbours to ask, in turn: those that are near to the origin first. */
  announcers: Announcement[];
  /** The one that it is expected from, and when that one was asked. */
  asked: NodeId | undefined;
  askedMs: number;
  /** Whether a neighbour has announced it that does not push it. */
  isPull: boolean;
  asks: number;
  /** When something is to be done about it. */
  dueMs: number;
}

/**
 * Messages that were announced and have not arrived: whom to ask for them, and when. Each is asked
 * for from one neighbour at a time, with longer and longer pauses, and each neighbour is asked for
 * a few messages at a time.
 *
 *     announced ─▶ graftAfterMs ─▶ ask a ─▶ askMs ─▶ ask b ─▶ 2 askMs ─▶ ask a …
 */
export class Missing {
  readonly #rules: MissingRules;
  readonly #missed = new Map<string, Missed>();
  readonly #counts = new Map<NodeId, number>();
  readonly #asked = new Asked();
  /** Those that are due, while everyone who has them is asked for enough. */
  readonly #waiting = new Set<Missed>();

  constructor(rules: MissingRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#missed.size;
  }

  /** Whether some are due, and wait until an answer has come. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** How many are missing that this neighbour has announced first. */
  countOf(neighbour: NodeId): number {
    return this.#counts.get(neighbour) ?? 0;
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
    const count = this.countOf(by);
    if (count >= this.#rules.perNeighbourMax) return false;
    this.#counts.set(by, count + 1);
    const dueMs = isPull ? nowMs : nowMs + this.#rules.graftAfterMs;
    const first = { announcers: [announcement], asked: undefined, askedMs: 0, asks: 0 };
    this.#missed.set(id, { id, topic, by, announcedMs: nowMs, isPull, dueMs, ...first });
    return true;
  }

  /**
   * The message is not missing any more. Returns whether it comes because it was asked for, outside
   * the tree.
   */
  arrived(id: string, nowMs: number): boolean {
    const missed = this.#missed.get(id);
    if (missed === undefined) return false;
    this.#answered(missed, nowMs);
    this.#remove(missed);
    return missed.isPull && missed.asks > 0;
  }

  /**
   * A neighbour does not keep the message any more. Another one is asked for it. Returns whether
   * there is none, so that it is lost.
   */
  withdrawn(id: string, by: NodeId, nowMs: number): boolean {
    const missed = this.#missed.get(id);
    if (missed === undefined) return false;
    missed.announcers = missed.announcers.filter((each) => each.by !== by);
    if (missed.asked === by) {
      this.#answered(missed, nowMs);
      missed.dueMs = nowMs;
    }
    if (missed.announcers.length > 0) return false;
    this.#remove(missed);
    return true;
  }

  /** The message has come, and could not be taken: it is asked for again. */
  postponed(id: string, nowMs: number): void {
    const missed = this.#missed.get(id);
    if (missed?.asked === undefined) return;
    this.#answered(missed, nowMs);
    missed.dueMs = nowMs + this.#pauseMs(missed);
  }

  /** The neighbour has left: what it was asked for, another one is asked for now. */
  gone(neighbour: NodeId, nowMs: number): void {
    for (const missed of this.#missed.values()) {
      missed.announcers = missed.announcers.filter(({ by }) => by !== neighbour);
      if (missed.asked === neighbour) {
        missed.asked = undefined;
        missed.dueMs = nowMs;
      }
      if (missed.announcers.length === 0) this.#remove(missed);
    }
    this.#asked.forget(neighbour);
  }

  /** When the next one is due that need not wait for an answer; undefined if there is none. */
  get nextMs(): number | undefined {
    let nextMs: number | undefined;
    for (const missed of this.#missed.values()) {
      if (!this.#waiting.has(missed)) nextMs = Math.min(nextMs ?? missed.dueMs, missed.dueMs);
    }
    return nextMs;
  }

  /**
   * What is due now.
   *
   * @param takenMax how many messages may come, in all, that were asked for
   */
  due(nowMs: number, takenMax: number = Infinity): Due {
    const silent = this.#giveUpLate(nowMs);
    const asks: Ask[] = [];
    const room = takenMax - this.#asked.size;
    let lost = 0;
    this.#waiting.clear();
    for (const missed of this.#dueNow(nowMs)) {
      if (this.#isLost(missed, nowMs)) {
        this.#remove(missed);
        lost += 1;
        continue;
      }
      const to = asks.length < room ? this.#next(missed) : undefined;
      if (to === undefined) this.#waiting.add(missed);
      else asks.push(this.#ask(missed, to, nowMs));
    }
    return { asks, silent, lost };
  }

  /** Those that a neighbour should have brought by now are for others. Returns the neighbours. */
  #giveUpLate(nowMs: number): ReadonlySet<NodeId> {
    const silent = new Set<NodeId>();
    for (const missed of this.#dueNow(nowMs)) {
      const { asked } = missed;
      if (asked === undefined) continue;
      missed.dueMs = this.#expectedMs(missed, asked);
      if (missed.dueMs > nowMs) continue;
      silent.add(asked);
      this.#asked.remove(asked);
      missed.asked = undefined;
    }
    return silent;
  }

  /** Those that nobody has failed to bring go first. */
  #dueNow(nowMs: number): readonly Missed[] {
    const due = [...this.#missed.values()].filter(({ dueMs }) => dueMs <= nowMs);
    return due.sort((one, other) => one.asks - other.asks);
  }

  #isLost({ asks, announcedMs }: Missed, nowMs: number): boolean {
    return asks >= this.#rules.asksMax || nowMs - announcedMs > this.#rules.keepMs;
  }

  /** Until when a neighbour may take: longer while it brings what it was asked for before. */
  #expectedMs(missed: Missed, asked: NodeId): number {
    const { askedMs } = missed;
    const fromMs = Math.max(askedMs, this.#asked.answerMs(asked, askedMs));
    return Math.min(fromMs + this.#pauseMs(missed), askedMs + pauseMaxMs);
  }

  /** It doubles with each question. */
  #pauseMs({ asks }: Missed): number {
    return Math.min(pauseMaxMs, this.#rules.askMs * 2 ** (asks - 1));
  }

  /** Whose turn it is to be asked. */
  #next({ announcers }: Missed): NodeId | undefined {
    const at = announcers.findIndex(({ by }) => this.#asked.hasRoom(by));
    const [next] = at === -1 ? [] : announcers.splice(at, 1);
    if (next !== undefined) announcers.push(next);
    return next?.by;
  }

  #ask(missed: Missed, to: NodeId, nowMs: number): Ask {
    this.#asked.add(to);
    missed.asked = to;
    missed.askedMs = nowMs;
    missed.asks += 1;
    missed.dueMs = this.#expectedMs(missed, to);
    return { to, id: missed.id, topic: missed.topic };
  }

  #answered(missed: Missed, nowMs: number): void {
    if (missed.asked === undefined) return;
    this.#asked.answered(missed.asked, missed.askedMs, nowMs);
    missed.asked = undefined;
  }

  #remove(missed: Missed): void {
    this.#missed.delete(missed.id);
    this.#waiting.delete(missed);
    const count = this.countOf(missed.by) - 1;
    if (count === 0) this.#counts.delete(missed.by);
    else this.#counts.set(missed.by, count);
  }
}

/** Before those that are farther from the origin. */
function addTo(announcers: Announcement[], announcement: Announcement): void {
  const { by, hops } = announcement;
  if (announcers.length >= announcersMax || announcers.some((each) => each.by === by)) return;
  const at = announcers.findIndex((each) => each.hops > hops);
  announcers.splice(at === -1 ? announcers.length : at, 0, announcement);
}
