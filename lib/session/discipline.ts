import { RxmeshError, toRxmeshError } from '../model/error.ts';

/** What a discipline sees of a lane that has something to send: a peer's lane of one channel. */
export interface ReadyLane {
  readonly channel: number;
  /** The channel's `priority`: 1 to 255, default 1. */
  readonly priority: number;
  /**
   * When the message that leaves next was sent: a number that grows with every message to this
   * peer. Noted for disciplines that are `perMessage`; 0 for others.
   */
  readonly headSeq: number;
  /** The discipline's own note on the lane, 0 at first. It stays as long as the connection does. */
  mark: number;
}

/**
 * Chooses which of a peer's lanes writes next. One is made for each connection; what it throws, and
 * a rank that is no number, end that connection with `RXMESH_DISCIPLINE_FAILED`.
 *
 *     // Channels with lower ids first.
 *     const byId = (): Discipline => ({ rank: (lane) => lane.channel });
 */
export interface Discipline {
  /**
   * Default false: a lane that is chosen writes up to 64 KiB. True: it writes one message, if
   * others are ready, and lanes note when their messages were sent: eight bytes or so for each that
   * waits.
   */
  readonly perMessage?: boolean;
  /**
   * The lane with the lowest rank is served next; of equals, the one that was served, or became
   * ready, longest ago. Asked when a lane has become ready, and each time after it was served. With
   * `perMessage` also before it is served, since what its rank was made of may have been dropped
   * meanwhile.
   */
  rank(lane: ReadyLane): number;
  /**
   * `bytes` of the lane were written, headers included: at most 64 KiB and a header, so a longer
   * stretch, of a lane that is ready alone, is told in several calls.
   */
  served?(lane: ReadyLane, bytes: number): void;
}

/**
 * Shares bytes in proportion to the channels' priorities: over any time in which two lanes stay
 * ready, their bytes divided by their priorities differ by at most 65,540 (a quantum and a header)
 * divided by the one's priority, plus the same divided by the other's. A lane that has nothing to
 * send gathers no claim for later; what it has sent counts with the priority that it had then.
 *
 * Start-time fair queuing (Goyal, Vin, Cheng: "Start-time Fair Queuing: A Scheduling Algorithm for
 * Integrated Services Packet Switching Networks", SIGCOMM 1996, section 2): the rank is the start
 * tag, max(virtual time, the lane's finish tag); a finish tag is the start tag + bytes / weight;
 * virtual time is the start tag of the lane that is served.
 */
export const fair = (): Discipline => {
  let virtualTime = 0;
  return {
    // `mark` is the finish tag until the lane is ranked, and the start tag until it is served.
    rank: (lane) => (lane.mark = Math.max(virtualTime, lane.mark)),
    served(lane, bytes) {
      virtualTime = lane.mark;
      lane.mark += bytes / lane.priority;
    },
  };
};

/**
 * The channels of the highest priority first, in turn; the others only while those have nothing to
 * send, or no credit to send it.
 */
export const priority = (): Discipline => ({ rank: (lane) => -lane.priority });

/**
 * In the order in which the messages were sent, over all channels. A lane without credit holds up
 * nobody: its messages leave as soon as it has some.
 */
export const fifo = (): Discipline => ({ perMessage: true, rank: (lane) => lane.headSeq });

/** A discipline of `make` which has one kind of failure, `RXMESH_DISCIPLINE_FAILED`. */
export class GuardedDiscipline {
  readonly perMessage: boolean;
  readonly #discipline: Discipline;

  /**
   * Does not throw: of what fails here, the first `rank` tells, since only that has somebody to
   * tell.
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
    const text = `the discipline's rank of channel ${channel} is ${String(rank)}, not a number`;
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
  const text = `the discipline failed at channel ${channel}`;
  const { message } = toRxmeshError(cause, 'RXMESH_DISCIPLINE_FAILED', text);
  return new RxmeshError('RXMESH_DISCIPLINE_FAILED', message, { cause, channel });
}
