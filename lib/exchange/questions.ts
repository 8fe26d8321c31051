import { defer, finalize, map, type Observable, repeat } from 'rxjs';
import { after, type Clock } from '../flow/clock.ts';
import type { DirectEnvelope } from '../model/envelope.ts';
import { RxmeshError } from '../model/error.ts';
import type { ExchangeDialect, ExchangeMessage } from '../model/exchange-dialect.ts';
import type { NodeId } from '../model/id.ts';
import type { Blame, ExchangeNode } from './node.ts';
import { nextPauseMs } from './pauses.ts';

/** The first question to a peer comes within this time after it has come up, in milliseconds. */
const firstQuestionMs = 500;
/** How many answers a peer may be late with. */
const owedMost = 2;
/** A node that asks this many peers has enough to choose from, and takes its time. */
const enoughPeers = 8;

/** What questions need of a node. */
interface Learner {
  readonly peers: Pick<ExchangeNode['peers'], 'learn'>;
}

/** How long questions to a peer are apart. */
type Pauses = Pick<ExchangeDialect, 'firstPauseMs' | 'shortestPauseMs'>;

/** What questions depend on besides the node. */
interface Circumstances {
  readonly pauses: Pauses;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether there is hardly room for more peers. */
  readonly isFull: () => boolean;
}

/** What is going on with one peer. */
interface Talk {
  pauseMs: number;
  /** How many questions the peer has not answered: over a long line, more than one at a time. */
  owed: number;
  /** Whether its last answer had something new. */
  hasNew: boolean;
}

/** The questions to peers, and what comes of them. */
export class Questions {
  readonly #node: Learner;
  readonly #blame: Blame;
  readonly #pauses: Pauses;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #isFull: () => boolean;
  readonly #talks = new Map<NodeId, Talk>();

  constructor(node: Learner, blame: Blame, { pauses, clock, random, isFull }: Circumstances) {
    this.#node = node;
    this.#blame = blame;
    this.#pauses = pauses;
    this.#clock = clock;
    this.#random = random;
    this.#isFull = isFull;
  }

  /**
   * The questions to one peer, with pauses between them, for as long as it is subscribed.
   *
   *     --ask----ask--------ask----------------ask
   */
  to(peer: NodeId): Observable<DirectEnvelope<ExchangeMessage>> {
    const { firstPauseMs, shortestPauseMs } = this.#pauses;
    const talk: Talk = { pauseMs: firstPauseMs / 2, owed: 0, hasNew: false };
    const pause = (): Observable<void> => {
      const isFull = this.#isFull();
      talk.pauseMs = nextPauseMs(talk.pauseMs, talk.hasNew, isFull, shortestPauseMs);
      if (this.#hasEnough()) talk.pauseMs = Math.max(talk.pauseMs, shortestPauseMs);
      // Spread, so that nodes that came up together do not ask together.
      return after(this.#clock, talk.pauseMs * (0.75 + this.#random() / 2));
    };
    return defer(() => {
      const withinMs = this.#hasEnough() ? shortestPauseMs : firstQuestionMs;
      this.#talks.set(peer, talk);
      return after(this.#clock, this.#random() * withinMs);
    }).pipe(
      map((): DirectEnvelope<ExchangeMessage> => {
        if (talk.owed >= owedMost) {
          this.#blame(peer, 'it does not answer questions for addresses');
          talk.owed = 0;
        }
        talk.owed += 1;
        return { to: peer, message: { kind: 'ask' } };
      }),
      repeat({ delay: pause }),
      finalize(() => this.#talks.delete(peer)),
    );
  }

  #hasEnough(): boolean {
    return this.#talks.size >= enoughPeers;
  }

  /** Learns the addresses in an answer, up to the first text that is not an address. */
  answered(from: NodeId, addresses: readonly string[]): void {
    const talk = this.#talks.get(from);
    if (talk === undefined || talk.owed === 0) {
      this.#blame(from, 'it answers without being asked');
      return;
    }
    talk.owed -= 1;
    talk.hasNew = false;
    try {
      for (const text of addresses) {
        if (this.#node.peers.learn(text, from)) talk.hasNew = true;
      }
    } catch (error) {
      if (!(error instanceof RxmeshError)) throw error;
      this.#blame(from, error);
    }
  }
}
