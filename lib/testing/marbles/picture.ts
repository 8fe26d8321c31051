import type { Mark } from './comparison.ts';

/** Longer gaps are written as a time, such as `60ms`. */
const dashesMax = 20;

/** A column of a picture: the marks of one frame, in each line. */
interface Column {
  readonly frame: number;
  /** Where it begins, in characters. */
  readonly at: number;
  readonly width: number;
  /** The text between it and the next column: the same in every line. */
  readonly gap: string;
}

/**
 * Draws diagrams under each other, so that what happens at the same time stands in one column. Each
 * line is a diagram that RxJS reads, unless something happens within the frames that a group such
 * as `(abc)` takes up.
 *
 *     -a--(bc)---- 60ms -|
 *     ----b--------60ms --
 */
export class Picture {
  readonly #columns: readonly Column[];

  /** @param ms how long the diagrams are, in milliseconds */
  constructor(lines: readonly (readonly Mark[])[], ms: number) {
    const frames = [0, ...lines.flatMap((marks) => marks.map(({ frame }) => frame)), ms];
    const sorted = [...new Set(frames)].sort((one, other) => one - other);
    let at = 0;
    // What the characters so far stand for. A group may push what follows it to the right; the next
    // gap makes up for it.
    let drawnMs = 0;
    this.#columns = sorted.map((frame, index) => {
      const width = frame === ms ? 0 : Math.max(1, ...lines.map((marks) => widthOf(marks, frame)));
      const next = sorted[index + 1] ?? frame;
      drawnMs += width;
      const gapMs = Math.max(0, next - drawnMs);
      drawnMs += gapMs;
      const gap = gapText(gapMs);
      const column = { frame, at, width, gap };
      at += width + gap.length;
      return column;
    });
  }

  /** A line. It ends with the diagram, or before, where the Observable did. */
  draw(marks: readonly Mark[]): string {
    let text = '';
    for (const { frame, width, gap } of this.#columns) {
      const group = groupOf(marks, frame);
      const isOver = marks.some((mark) => mark.frame === frame && '|#'.includes(mark.symbol));
      if (isOver) return text + group;
      text += group.padEnd(width, '-') + gap;
    }
    return text.trimEnd();
  }

  /** The column, in characters, at which a frame stands. */
  columnOf(frame: number): number {
    return this.#columns.find((column) => column.frame === frame)?.at ?? 0;
  }
}

/** The marks of a frame: `a`, or `(ab)`. */
export function groupOf(marks: readonly Mark[], frame: number): string {
  const symbols = marks.filter((mark) => mark.frame === frame).map(({ symbol }) => symbol);
  return symbols.length > 1 ? `(${symbols.join('')})` : symbols.join('');
}

function widthOf(marks: readonly Mark[], frame: number): number {
  return groupOf(marks, frame).length;
}

function gapText(ms: number): string {
  return ms > dashesMax ? ` ${ms}ms ` : '-'.repeat(ms);
}
