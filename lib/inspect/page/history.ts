import type { ChannelRow } from '../view.ts';

/** How far back one can look, in milliseconds. */
export const historyMs = 60_000;
/** How much time one marble stands for. */
export const cellMs = 250;

/** What a channel did in one stretch of time. */
export interface Cell {
  readonly startMs: number;
  in: number;
  out: number;
  dropped: number;
}

/** What one channel did in the last minute, in cells that have something in them. */
export class ChannelHistory {
  readonly #cells: Cell[] = [];

  get cells(): readonly Cell[] {
    return this.#cells;
  }

  add(atMs: number, before: ChannelRow, now: ChannelRow): void {
    const cell = {
      in: Math.max(0, now.messagesIn - before.messagesIn),
      out: Math.max(0, now.messagesOut - before.messagesOut),
      dropped: Math.max(0, now.dropped - before.dropped),
    };
    if (cell.in + cell.out + cell.dropped === 0) return;
    const startMs = Math.floor(atMs / cellMs) * cellMs;
    const last = this.#cells.at(-1);
    if (last?.startMs === startMs) {
      last.in += cell.in;
      last.out += cell.out;
      last.dropped += cell.dropped;
    } else {
      this.#cells.push({ startMs, ...cell });
    }
    while ((this.#cells[0]?.startMs ?? atMs) < atMs - historyMs) this.#cells.shift();
  }

  /** The cells now, which do not change any more. */
  copy(): readonly Cell[] {
    return this.#cells.map((cell) => ({ ...cell }));
  }
}

/** Values once a second, for a chart of the last minute. */
export class Series {
  #values: readonly number[] = [];

  /** Another array after each `add`. */
  get values(): readonly number[] {
    return this.#values;
  }

  get last(): number {
    return this.#values.at(-1) ?? 0;
  }

  add(value: number): void {
    this.#values = [...this.#values, value].slice(-historyMs / 1_000);
  }
}
