import { Frame, kinds } from './frame.ts';
import type { Held } from './message-store.ts';
import { haveFrame } from './have-frame.ts';

/** How many messages one part of a digest lists. */
export const digestIdsMax = 256;
/** How many parts a neighbour's digest may have. */
const digestPartsMax = 1_024;
/** How many digests each side may begin, after the channel was opened. */
const digestsMax = 64;

/**
 * The digests between this node and a neighbour: lists of what the other side keeps. Each side asks
 * for one part after the other, when it has fetched most of what it lacked of the last one.
 *
 *     RECALL place 0 ─▶    ◀─ HAVE …, place 256    RECALL place 256 ─▶    ◀─ HAVE …
 *
 * Each digest has a number, which its frames carry. What is still on its way when a side closes the
 * channel and opens it again belongs to an earlier digest.
 */
export class Recall {
  /** The digest that the neighbour asks for. */
  #theirs: number | undefined;
  /** How many digests it has begun. */
  #begun = 0;
  /** The part that it may ask for; undefined: none. */
  #offered: number | undefined;
  /** What is still to be sent of the answer to its last question. */
  #answer: Frame[] = [];
  /** The digest that this node asks for, and how many it has begun. */
  #ours = 0;
  #begunHere = 0;
  /** The part that this node has asked for, and has not got to the end of. */
  #asked: number | undefined;
  /** The part that this node may ask for. */
  #next: number | undefined;
  #parts = 0;
  #question: Frame | undefined;

  /**
   * This node wants to know what the neighbour keeps: for the first time, or again because it could
   * not take note of everything. Without effect after 64 times.
   * @param digest a number that no digest of this neighbour had before
   */
  begin(digest: number): void {
    const isDue = this.#next === 0;
    if (isDue || this.#begunHere === digestsMax) return;
    this.#begunHere += 1;
    this.#ours = digest;
    this.#next = 0;
    this.#asked = undefined;
    this.#parts = 0;
  }

  /** Asks for the next part: of messages that were published at this date, or later. */
  ask(sinceMs: number): void {
    if (this.#next === undefined) return;
    const question = new Frame(kinds.recall);
    question.seq = this.#ours;
    question.place = this.#next;
    question.dateMs = sinceMs;
    this.#question = question;
    this.#asked = this.#next;
    this.#next = undefined;
    this.#parts += 1;
  }

  /** Whether this node asks for the digest with this number. */
  isOurs(digest: number): boolean {
    return digest === this.#ours;
  }

  /**
   * The neighbour has a further part. Returns how that breaks the protocol, or that the digest is
   * too long.
   */
  offered(place: number): 'unasked' | 'endless' | undefined {
    if (this.#asked === undefined || place <= this.#asked) return 'unasked';
    this.#asked = undefined;
    if (this.#parts >= digestPartsMax) return 'endless';
    this.#next = place;
    return undefined;
  }

  /**
   * The neighbour asks for a part. Returns whether to answer: not if the question is from before
   * the channel was opened here, and not if it breaks the protocol. Each part is for asking once.
   */
  asked(digest: number, place: number): 'due' | 'past' | 'broken' {
    if (digest !== this.#theirs) {
      if (place !== 0) return 'past';
      if (this.#begun === digestsMax) return 'broken';
      this.#begun += 1;
      this.#theirs = digest;
      this.#offered = 0;
      this.#answer = [];
    }
    return place === this.#offered && this.#answer.length === 0 ? 'due' : 'broken';
  }

  /** Tells the neighbour of a part, and that it may ask for the next one, unless that is 0. */
  answer(held: readonly Held[], next: number): void {
    const topics = new Map<string, Held[]>();
    for (const each of held) {
      const others = topics.get(each.topic);
      if (others === undefined) topics.set(each.topic, [each]);
      else others.push(each);
    }
    this.#answer = [...topics].map(([topic, each]) => haveFrame(topic, each, true));
    this.#offered = next === 0 ? undefined : next;
    const last = this.#answer.at(-1);
    if (last === undefined) return;
    last.place = next;
    last.seq = this.#theirs ?? 0;
  }

  takeQuestion(): Frame | undefined {
    const question = this.#question;
    this.#question = undefined;
    return question;
  }

  takeAnswer(): Frame | undefined {
    return this.#answer.shift();
  }
}
