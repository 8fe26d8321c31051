/**
 * Prints what happens, and below it a table that is drawn anew each time; where output is not a
 * terminal, one line instead of the table.
 */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  #table: readonly string[] = [];

  constructor(output: NodeJS.WriteStream = process.stdout) {
    this.#output = output;
  }

  /** Something has happened. It stays above the table. */
  tell(line: string): void {
    this.#output.write(`${this.#erase()}${line}\n${this.#drawn()}`);
  }

  draw(table: readonly string[], line: string): void {
    if (!this.#output.isTTY) {
      this.#output.write(`${line}\n`);
      return;
    }
    const erased = this.#erase();
    this.#table = table;
    this.#output.write(erased + this.#drawn());
  }

  /** Leaves the table as it is; what comes now goes below it. */
  leaveTable(): void {
    this.#table = [];
  }

  #erase(): string {
    return this.#table.length === 0 ? '' : `\x1b[${this.#table.length}A\r\x1b[J`;
  }

  /** A line that wrapped would take two, and not be erased whole. */
  #drawn(): string {
    const width = this.#output.columns;
    return this.#table.map((line) => `${line.slice(0, width - 1)}\n`).join('');
  }
}
