import type { Command, OptionSpec } from './command.node.ts';
import { commonOptions } from './parse.node.ts';
import { styled, type Terminal } from './terminal.node.ts';

/** The help of the whole program. */
export function programHelp(terminal: Terminal, commands: readonly Command[]): string {
  const heading = (text: string): string => styled(terminal, 'output', 'bold', text);
  return [
    `${heading('usage:')} rxmesh <command> [arguments]`,
    '',
    'Looks into a network of rxmesh nodes, and takes part in it.',
    '',
    heading('commands'),
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    heading('options'),
    ...columns([
      ['-h, --help', 'prints this help; rxmesh <command> --help, that of a command'],
      ['--version', 'prints the version'],
    ]),
    '',
    'Data goes to stdout, everything else to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage,',
    '130 stopped by Ctrl-C before the work was done.',
    '',
  ].join('\n');
}

/** The help of one command. */
export function commandHelp(terminal: Terminal, command: Command): string {
  const heading = (text: string): string => styled(terminal, 'output', 'bold', text);
  const { name, summary, positionals, options, notes, examples } = command;
  const specs = Object.entries({ ...options, ...commonOptions });
  return [
    `${heading('usage:')} ${['rxmesh', name, ...positionals, '[options]'].join(' ')}`,
    '',
    `${capital(summary)}.`,
    ...notes,
    '',
    heading('options'),
    ...columns(specs.map(([option, spec]) => [flagOf(option, spec), spec.text])),
    '',
    heading('examples'),
    ...examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}

function flagOf(name: string, { value, short, multiple }: OptionSpec): string {
  const long = value === undefined ? `--${name}` : `--${name} <${value}>`;
  return `${short === undefined ? '' : `-${short}, `}${long}${multiple === true ? '...' : ''}`;
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
