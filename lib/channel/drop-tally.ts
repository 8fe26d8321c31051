import type { Subscription } from 'rxjs';
import type { Clock } from '../flow/clock.ts';
import type { RxmeshError } from '../model/error.ts';
import type { DropReason } from '../model/event.ts';
import type { Drop } from '../session/channel-end.ts';

/** Drops of one turn that are reported as one. */
interface PendingDrop extends Drop {
  count: number;
}

/**
 * Counts drops and reports them at the end of the turn: once for each peer, channel, direction and
 * reason, however many messages were dropped.
 */
export class DropTally {
  readonly #clock: Clock;
  readonly #report: (drop: Drop) => void;
  readonly #counts = new Map<number, Map<DropReason, number>>();
  /** Drops to report, by kind. */
  #pending = new Map<string, PendingDrop>();
  #turn: Subscription | undefined;
  /** The drop added to last: the next one is usually of the same kind. */
  #last: PendingDrop | undefined;

  constructor(clock: Clock, report: (drop: Drop) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** How many messages have been dropped so far, by channel and reason. */
  get counts(): ReadonlyMap<number, ReadonlyMap<DropReason, number>> {
    return this.#counts;
  }

  /**
   * @param errorOf makes the error of a drop; called only for the first of those reported as one
   */
  add(drop: Drop, errorOf?: () => RxmeshError): void {
    const reasons = this.#counts.get(drop.channel) ?? new Map<DropReason, number>();
    this.#counts.set(drop.channel, reasons);
    reasons.set(drop.reason, (reasons.get(drop.reason) ?? 0) + drop.count);
    this.#turn ??= this.#clock.afterTurn(this.flush);
    if (this.#last !== undefined && isAlike(this.#last, drop)) {
      this.#last.count += drop.count;
      return;
    }
    const kind = `${drop.direction} ${drop.channel} ${drop.reason} ${drop.peer}`;
    const pending = this.#pending.get(kind);
    this.#last = pending ?? { ...drop, ...(errorOf !== undefined && { error: errorOf() }) };
    if (pending === undefined) this.#pending.set(kind, this.#last);
    else pending.count += drop.count;
  }

  /** Reports what has been dropped since the last time. */
  readonly flush = (): void => {
    const pending = this.#pending;
    this.#turn?.unsubscribe();
    this.#turn = undefined;
    this.#pending = new Map();
    this.#last = undefined;
    for (const drop of pending.values()) this.#report(drop);
  };
}

function isAlike(a: Drop, b: Drop): boolean {
  const isSameWay = a.channel === b.channel && a.direction === b.direction;
  return isSameWay && a.peer === b.peer && a.reason === b.reason;
}
