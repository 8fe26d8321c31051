import { print, screenOf, type Terminal } from './terminal.node.ts';

/** Lines that are drawn over those before; on a screen only. */
export class Screen {
  readonly #terminal: Terminal;
  #drawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Draws these lines; those that the screen has no room for are left out. */
  async draw(lines: readonly string[]): Promise<void> {
    const { rows } = screenOf(this.#terminal.output) ?? { rows: Infinity };
    const shown = lines.slice(0, rows - 1);
    const back = this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A\r\u001B[J`;
    this.#drawn = shown.length;
    // Without wrapping (mode 7): a line that takes two would not be drawn over.
    await print(this.#terminal, `${back}\u001B[?7l${shown.join('\n')}\n\u001B[?7h`);
  }
}
