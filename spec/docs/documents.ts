import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The repository's root, with a slash at its end. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url));

export const read = (file: string): string => readFileSync(root + file, 'utf8');

/** All files of a directory with this ending, by their paths from the root. */
export const filesIn = (directory: string, ending: string): readonly string[] =>
  readdirSync(root + directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${directory}/${file}`)
    .sort();

/** What is documented for users: the front page, and the pages behind it. */
export const documents: readonly string[] = ['README.md', ...filesIn('docs', '.md')];

/** The sources of the package, without its test kit. */
export const sources: readonly string[] = ['lib', 'operators', 'transports']
  .flatMap((directory) => filesIn(directory, '.ts'))
  .filter((file) => !file.startsWith('lib/testing/'));

/** A fenced block of a document. */
export interface Fence {
  /** Where it begins: `README.md:12`. */
  readonly place: string;
  /** What stands behind the fence's ticks: `ts`, `ts run`, `text`. */
  readonly info: string;
  readonly text: string;
}

/** The fenced blocks of a document, in order. */
export function fencesOf(file: string): readonly Fence[] {
  const text = read(file);
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: info, 2: body }) => ({
    place: `${file}:${text.slice(0, index).split('\n').length}`,
    info: info?.trim() ?? '',
    text: body ?? '',
  }));
}

/** The name of the file that a block is: `ts server.ts` has one, `ts` has none. */
export const fileNameOf = (info: string): string | undefined =>
  /^\w+ ([\w.-]+\.\w+)\b/.exec(info)?.[1];

/** The rows of all tables of a document, as the texts of their cells, without the heads. */
export function rowsOf(file: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  for (const line of read(file).split('\n')) {
    if (!line.startsWith('|')) continue;
    // The line under a head: what stands above it is the head.
    if (/^\|[\s:|-]+$/.test(line)) rows.pop();
    else
      rows.push(
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
  }
  return rows;
}

/** The texts in backticks. */
export const codesIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');
