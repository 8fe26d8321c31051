import { described } from '../model/described.ts';
import { RxmeshError, toRxmeshError } from '../model/error.ts';

/** A lane with something to send, as seen by a discipline: one channel of one peer. */
export interface ReadyLane {
  readonly channel: number;
  /** The channel's `priority`: 1 to 255, default 1. */
  readonly priority: number;
  /**
   * When the next message was sent: a number that grows with every message to this peer. Only
   * recorded for disciplines that are `perMessage`; otherwise 0.
   */
  readonly headSeq: number;
  /** For the discipline to use as it likes; starts at 0 and lasts as long as the connection. */
  mark: number;
}

/**
 * Chooses which of a peer's lanes writes next. Each connection gets its own. If a discipline throws
 * or returns a rank that is not a number, its connection ends with `RXMESH_DISCIPLINE_FAILED`.
 *
 *     // Channels with lower ids first.
 *     const byId = (): Discipline => ({ rank: (lane) => lane.channel });
 */
export interface Discipline {
  /**
   * Whether to choose again after every message. Default false: the chosen lane writes up to 64
   * KiB. If true, it writes one message while other lanes are ready, and lanes record when their
   * messages were sent, at a cost of about eight bytes per waiting message.
   */
  readonly perMessage?: boolean;
  /**
   * Ranks a lane. The lowest rank is served next; among equal ranks, the lane that was served or
   * became ready longest ago. Called when a lane becomes ready and after each time it is served.
   * With `perMessage` it is also called just before the lane is served, since the message that the
   * rank was based on may have been dropped.
   */
  rank(lane: ReadyLane): number;
  /**
   * Reports that `bytes` of the lane were written, headers included. That is at most 64 KiB and a
   * header per call: a longer stretch, from the only lane that is ready, is reported in several
   * calls.
   */
  served?(lane: ReadyLane, bytes: number): void;
}

/**
 * Shares bytes in proportion to the channels' priorities. Over any period in which two lanes stay
 * ready, their bytes divided by their priorities differ by at most 65,540 (a quantum and a header)
 * divided by the first priority, plus the same divided by the second. An idle lane does not
 * accumulate a claim; bytes count with the priority the lane had when they were sent.
 *
 * Start-time fair queuing (Goyal, Vin, Cheng: "Start-time Fair Queuing: A Scheduling Algorithm for
 * Integrated Services Packet Switching Networks", SIGCOMM 1996, section 2): the rank is the start
 * tag, max(virtual time, the lane's finish tag); a finish tag is the start tag + bytes / weight;
 * virtual time is the start tag of the lane that is served.
 */
export const fair = (): Discipline => {
  let virtualTime = 0;
  return {
    // `mark` is the finish tag until the lane is ranked, then the start tag until it is served.
    rank: (lane) => (lane.mark = Math.max(virtualTime, lane.mark)),
    served(lane, bytes) {
      virtualTime = lane.mark;
      lane.mark += bytes / lane.priority;
    },
  };
};

/**
 * Serves the channels with the highest priority first, in turn. Others are served only while those
 * have nothing to send or no credit.
 */
export const priority = (): Discipline => ({ rank: (lane) => -lane.priority });

/**
 * Writes messages in the order in which they were sent, across all channels. A lane without credit
 * does not hold up the others; its messages leave as soon as it has some.
 */
export const fifo = (): Discipline => ({ perMessage: true, rank: (lane) => lane.headSeq });

/** Wraps a discipline so that it fails in only one way: `RXMESH_DISCIPLINE_FAILED`. */
export class GuardedDiscipline {
  readonly perMessage: boolean;
  readonly #discipline: Discipline;

  /**
   * Does not throw: an error from `make` is thrown by the first call of `rank` instead, where it
   * can be handled.
   */
  constructor(make: () => Discipline) {
    try {
      this.#discipline = make();
      this.perMessage = this.#discipline.perMessage === true;
    } catch (error) {
      this.#discipline = {
        rank() {
          throw error;
        },
      };
      this.perMessage = false;
    }
  }

  /** @throws {RxmeshError} `RXMESH_DISCIPLINE_FAILED` */
  rank(lane: ReadyLane): number {
    let rank: unknown;
    try {
      rank = this.#discipline.rank(lane);
    } catch (thrown) {
      throw failure(thrown, lane);
    }
    if (typeof rank === 'number' && !Number.isNaN(rank)) return rank;
    const { channel } = lane;
    const text = `the discipline's rank() must return a number, got ${described(rank)} for channel ${channel}`;
    throw new RxmeshError('RXMESH_DISCIPLINE_FAILED', text, { channel });
  }

  /** @throws {RxmeshError} `RXMESH_DISCIPLINE_FAILED` */
  served(lane: ReadyLane, bytes: number): void {
    try {
      this.#discipline.served?.(lane, bytes);
    } catch (thrown) {
      throw failure(thrown, lane);
    }
  }
}

function failure(cause: unknown, { channel }: ReadyLane): RxmeshError {
  const text = `the discipline failed on channel ${channel}`;
  const { message } = toRxmeshError(cause, 'RXMESH_DISCIPLINE_FAILED', text);
  return new RxmeshError('RXMESH_DISCIPLINE_FAILED', message, { cause, channel });
}
