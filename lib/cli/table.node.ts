import { printable } from '../model/quote.ts';
import { type Style, styled, type Terminal } from './terminal.node.ts';

/** A cell of a table: text, with a style. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** A table, with what stands above its columns; names that begin with `>` are of numbers. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

const textOf = (cell: Cell | undefined): string =>
  cell === undefined ? '' : printable(typeof cell === 'string' ? cell : cell.text);

/** A table as lines, the first of which is its head. */
export function tableLines(terminal: Terminal, { head, rows }: Table): readonly string[] {
  const names = head.map((name) => name.replace('>', ''));
  const widths = names.map((name, i) =>
    Math.max(name.length, ...rows.map((row) => textOf(row[i]).length)),
  );
  const lineOf = (cells: readonly Cell[]): string => {
    const padded = cells.map((cell, i) => {
      const width = widths[i] ?? 0;
      const isNumber = head[i]?.startsWith('>') === true;
      const text = textOf(cell);
      const whole = isNumber ? text.padStart(width) : text.padEnd(width);
      return typeof cell === 'string' ? whole : styled(terminal, 'output', cell.style, whole);
    });
    return padded.join('  ').trimEnd();
  };
  const titles = names.map((text): Cell => ({ text, style: 'bold' }));
  return [titles, ...rows].map(lineOf);
}

/** Text in lines of at most that many characters, broken between words. */
export function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Lines of which the last ones may be left out. */
export interface Section {
  /** Those that stay. */
  readonly head: readonly string[];
  readonly rows: readonly string[];
}

/**
 * Sections as lines, with an empty line before each. If there are more lines than that, the longest
 * sections leave out their last rows, and say how many.
 */
export function fitted(sections: readonly Section[], linesMax: number): readonly string[] {
  const kept = sections.map(({ rows }) => rows.length);
  const heightOf = ({ head, rows }: Section, i: number): number => {
    const left = kept[i] ?? 0;
    return 1 + head.length + left + (left < rows.length ? 1 : 0);
  };
  const height = (): number => sections.reduce((sum, section, i) => sum + heightOf(section, i), 0);
  while (height() > linesMax) {
    const longest = kept.indexOf(Math.max(...kept));
    const left = kept[longest] ?? 0;
    if (left <= 1) break;
    kept[longest] = left - 1;
  }
  return sections.flatMap(({ head, rows }, i) => {
    const rest = rows.length - (kept[i] ?? 0);
    const more = rest === 0 ? [] : [`  and ${rest} more`];
    return ['', ...head, ...rows.slice(0, kept[i]), ...more];
  });
}
