import { Frame, kinds } from './frame.ts';
import type { Held } from './message-store.ts';
import { haveFrame } from './have-frame.ts';

/** How many messages one part of a digest lists. */
export const digestIdsMax = 256;
/** How many parts a neighbour's digest may have. */
const digestPartsMax = 1_024;

/**
 * The digests between this node and a neighbour: lists of what the other side keeps. Each side asks
 * for one part after the other, when it has fetched most of what it lacked of the last one.
 *
 *     RECALL place 0 ─▶    ◀─ HAVE …, place 256    RECALL place 256 ─▶    ◀─ HAVE …
 */
export class Recall {
  /** The part that the neighbour may ask for; undefined: none. */
  #offered: number | undefined = 0;
  /** What is still to be sent of the answer to its last question. */
  #answer: Frame[] = [];
  /** The part that this node has asked for, and has not got to the end of. */
  #asked: number | undefined;
  /** The part that this node may ask for. */
  #next: number | undefined;
  #parts = 0;
  #question: Frame | undefined;

  /** This node wants to know what the neighbour keeps. */
  begin(): void {
    this.#next = 0;
  }

  /** Asks for the next part: of messages that were published at this date, or later. */
  ask(sinceMs: number): void {
    if (this.#next === undefined) return;
    const question = new Frame(kinds.recall);
    question.place = this.#next;
    question.dateMs = sinceMs;
    this.#question = question;
    this.#asked = this.#next;
    this.#next = undefined;
    this.#parts += 1;
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

  /** The neighbour asks for a part. Returns false if it may not: each part is for asking once. */
  isDue(place: number): boolean {
    return place === this.#offered && this.#answer.length === 0;
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
    if (last !== undefined) last.place = next;
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
