import type { GuardedDiscipline } from './discipline.ts';
import type { Outbox } from './outbox.ts';
import { ReadyQueue } from './ready-queue.ts';

/**
 * The outboxes that have something to send, and which of them is next, as the discipline says.
 *
 * The discipline is called only while a pump writes, so outboxes that become ready are first
 * collected in a linked list of the outboxes themselves.
 */
export class TurnOrder {
  /** How many there are, apart from the one being served. The pump asks for each message. */
  size = 0;
  readonly #discipline: GuardedDiscipline;
  readonly #ranked = new ReadyQueue<Outbox>();
  /** Outboxes that have become ready but are not ranked yet. */
  #firstUnranked: Outbox | undefined;
  #lastUnranked: Outbox | undefined;
  /** The number of turns so far: of equal ranks, the outbox whose turn was longest ago is next. */
  #turns = 0;

  constructor(discipline: GuardedDiscipline) {
    this.#discipline = discipline;
  }

  /** Adds an outbox that has become ready. */
  add(outbox: Outbox): void {
    this.size += 1;
    outbox.queued = true;
    outbox.next = undefined;
    if (this.#lastUnranked === undefined) this.#firstUnranked = outbox;
    else this.#lastUnranked.next = outbox;
    this.#lastUnranked = outbox;
  }

  /** Call when something that affects the rank of an outbox has changed. */
  rerank(outbox: Outbox): void {
    if (!this.#ranked.remove(outbox)) return;
    this.size -= 1;
    this.add(outbox);
  }

  /** The outbox to start with. If only one has become ready, the queue is not needed. */
  first(): Outbox | undefined {
    const outbox = this.#firstUnranked;
    const isAlone = outbox?.next === undefined && this.#ranked.size === 0;
    if (!isAlone || !outbox?.ready) {
      this.#rankNew();
      return this.#next(undefined);
    }
    this.size -= 1;
    this.#firstUnranked = undefined;
    this.#lastUnranked = undefined;
    this.#beginTurn(outbox);
    outbox.rank = this.#discipline.rank(outbox);
    return outbox;
  }

  /**
   * The outbox to serve after `served`, perhaps the same one again.
   *
   * @param isTurnOver whether the next time is a new turn for `served`
   * @param isLast whether nothing is served next: `served` only takes its place again
   */
  after(served: Outbox, isTurnOver: boolean, isLast: boolean): Outbox | undefined {
    // Before the outbox just served, which has waited less.
    this.#rankNew();
    const goesOn = served.ready;
    if (goesOn) {
      if (isTurnOver) this.#beginTurn(served);
      served.rank = this.#discipline.rank(served);
    } else {
      retire(served);
    }
    if (!isLast) return this.#next(goesOn ? served : undefined);
    if (goesOn) {
      this.size += 1;
      this.#ranked.push(served);
    }
    return undefined;
  }

  clear(): void {
    this.size = 0;
    this.#ranked.clear();
    this.#firstUnranked = undefined;
    this.#lastUnranked = undefined;
  }

  /** The outbox to serve next: one from the queue, or the one just served. */
  #next(served: Outbox | undefined): Outbox | undefined {
    if (served === undefined && this.#ranked.size > 0) this.size -= 1;
    let outbox = served === undefined ? this.#ranked.pop() : this.#ranked.exchange(served);
    if (!this.#discipline.perMessage) return outbox;
    // The message that the rank was based on may have been dropped since. The number of attempts is
    // limited, since the ranks of a custom discipline could keep changing.
    for (let asked = 0; asked <= this.#ranked.size; asked += 1) {
      if (outbox === undefined || outbox === served || !outbox.ready) return outbox;
      outbox.rank = this.#discipline.rank(outbox);
      const first = this.#ranked.exchange(outbox);
      if (first === outbox) return outbox;
      outbox = first;
    }
    return outbox;
  }

  /** Moves the outboxes that have become ready into the queue. */
  #rankNew(): void {
    for (let outbox = this.#firstUnranked; outbox !== undefined; outbox = this.#firstUnranked) {
      this.#firstUnranked = outbox.next;
      if (outbox.next === undefined) this.#lastUnranked = undefined;
      outbox.next = undefined;
      if (outbox.ready) {
        this.#beginTurn(outbox);
        outbox.rank = this.#discipline.rank(outbox);
        this.#ranked.push(outbox);
      } else {
        this.size -= 1;
        retire(outbox);
      }
    }
  }

  #beginTurn(outbox: Outbox): void {
    outbox.turnBytes = 0;
    outbox.order = this.#turns;
    this.#turns += 1;
  }
}

function retire(outbox: Outbox): void {
  outbox.queued = false;
  outbox.turnBytes = 0;
}
