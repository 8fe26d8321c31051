import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

/** Why a command stops early. */
export type StopReason = 'SIGINT' | 'SIGTERM' | 'output closed';

/** What a command reads, writes and obeys: those of the process, or a test's. */
export interface Terminal {
  readonly input: Readable;
  /** For data, and nothing else. */
  readonly output: Writable;
  /** For everything that is not data: progress, warnings, errors. */
  readonly errors: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Aborted when the command should stop: at Ctrl-C, at SIGTERM, and when nobody reads the output
   * any more. Its `reason` is a `StopReason`.
   */
  readonly signal: AbortSignal;
}

/** Writes data, and resolves when the reader wants more. */
export async function print(
  { output, signal }: Terminal,
  data: string | Uint8Array,
): Promise<void> {
  const closed: StopReason = 'output closed';
  if (signal.reason === closed || output.write(data) || signal.aborted) return;
  // An abort is not a failure here: the command ends by it.
  await once(output, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Writes a line of data. */
export function printLine(terminal: Terminal, text: string): Promise<void> {
  return print(terminal, `${text}\n`);
}

/** Writes a line that is not data. */
export function note(terminal: Terminal, text: string): void {
  terminal.errors.write(`${text}\n`);
}

/** The styles of text on a terminal, with their codes (ECMA-48, SGR). */
const styles = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

/** A style of text. */
export type Style = keyof typeof styles;

/** Styles text if the stream is a terminal that wants it: see https://no-color.org. */
export function styled(
  terminal: Terminal,
  stream: 'output' | 'errors',
  style: Style,
  text: string,
): string {
  const { env } = terminal;
  const wants = (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  if (!wants || text === '' || screenOf(terminal[stream]) === undefined) return text;
  const [on, off] = styles[style];
  return `\u001B[${on}m${text}\u001B[${off}m`;
}

/** How large a screen is, in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** The size of the screen that a stream writes to; undefined if it does not write to a screen. */
export function screenOf(stream: Writable): ScreenSize | undefined {
  if (!('isTTY' in stream) || stream.isTTY !== true) return undefined;
  const { columns = 80, rows = 24 } = stream as Partial<ScreenSize>;
  // Some terminals say 0 if they do not know.
  return { columns: columns || 80, rows: rows || 24 };
}
