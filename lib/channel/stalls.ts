import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { Direction } from '../model/direction.ts';
import type { NodeId } from '../model/id.ts';

/** How often lanes are checked within `stallMs`: a stall is found at most a tenth of it late. */
const looksPerStall = 10;

/** A lane to watch, outbound or inbound. */
export interface WatchedLane {
  /** How many messages wait. */
  readonly depth: number;
  /** Grows whenever something leaves the lane. */
  readonly moves: number;
  /** Called once, when a message leaves the lane or the lane is discarded. */
  onMove: (() => void) | undefined;
}

/** Which peer, channel and direction a lane is for. */
export interface LaneOwner {
  readonly peer: NodeId;
  readonly channel: number;
  readonly direction: Direction;
}

/** A lane that has stalled, or has started to move again. */
export interface Stall extends LaneOwner {
  readonly stalled: boolean;
  /** How many messages wait. */
  readonly depth: number;
}

interface Watch {
  readonly moves: number;
  readonly sinceMs: number;
}

/**
 * Detects stalled lanes: those where messages are waiting and none has left for `stallMs`. A timer
 * runs only while a lane may stall. A stall is reported once when it starts and once when it ends.
 */
export class Stalls {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #lanes: () => Iterable<readonly [WatchedLane, LaneOwner]>;
  readonly #report: (stall: Stall) => void;
  readonly #watches = new Map<WatchedLane, Watch>();
  #timer: Subscription | undefined;
  #isClosed = false;

  /** @param stallMs 0 disables the detection */
  constructor(
    clock: Clock,
    stallMs: number,
    lanes: () => Iterable<readonly [WatchedLane, LaneOwner]>,
    report: (stall: Stall) => void,
  ) {
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#lanes = lanes;
    this.#report = report;
  }

  /** A message is waiting in a lane. */
  mayStall(): void {
    if (this.#timer !== undefined || this.#stallMs === 0 || this.#isClosed) return;
    this.#timer = this.#clock.schedule(this.#look, Math.ceil(this.#stallMs / looksPerStall));
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.unsubscribe();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    const watches = new Map(this.#watches);
    this.#watches.clear();
    for (const [lane, owner] of this.#lanes()) {
      if (lane.depth === 0 || lane.onMove !== undefined) continue;
      const { moves } = lane;
      const before = watches.get(lane);
      const watch = before?.moves === moves ? before : { moves, sinceMs: nowMs };
      if (nowMs - watch.sinceMs < this.#stallMs) this.#watches.set(lane, watch);
      else this.#found(lane, owner);
    }
    if (this.#watches.size > 0) this.mayStall();
  };

  #found(lane: WatchedLane, owner: LaneOwner): void {
    lane.onMove = () => {
      this.#report({ ...owner, stalled: false, depth: lane.depth });
      if (lane.depth > 0) this.mayStall();
    };
    this.#report({ ...owner, stalled: true, depth: lane.depth });
  }
}
