import type { Terminal } from './terminal.node.ts';

/** An option of a command. */
export interface OptionSpec {
  /** The name of its value, such as `port`; a flag has none. */
  readonly value?: string;
  readonly short?: string;
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
  /** What it does, for the help. */
  readonly text: string;
}

/** The options of a command, by name. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** The values of options: text, `true` for a flag, a list for what may be given several times. */
export class Values {
  readonly #values: ReadonlyMap<string, readonly (string | true)[]>;

  constructor(values: ReadonlyMap<string, readonly (string | true)[]>) {
    this.#values = values;
  }

  /** Whether the option is there. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value of an option; the last one counts. */
  text(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  /** All values of an option. */
  all(name: string): readonly string[] {
    return (this.#values.get(name) ?? []).filter((value) => value !== true);
  }
}

/** What was given to a command. */
export interface Given {
  readonly positionals: readonly string[];
  readonly values: Values;
}

/** A command of the program. */
export interface Command {
  readonly name: string;
  /** What it does: a line of the program's help. */
  readonly summary: string;
  /** Its positional arguments, such as `<address> [message]`; the last may end in `...`. */
  readonly positionals: readonly string[];
  readonly options: OptionSpecs;
  /** What else the help says. */
  readonly notes: readonly string[];
  readonly examples: readonly string[];
  /** Resolves when the work is done. */
  run(given: Given, terminal: Terminal): Promise<void>;
}
