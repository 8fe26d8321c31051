import { readFile } from 'node:fs/promises';
import { CallError } from '../calls/index.ts';
import { RxmeshError } from '../index.ts';
import { nearest } from '../model/nearest.ts';
import { printable, quote } from '../model/quote.ts';
import type { Command } from './command.node.ts';
import { bench } from './commands/bench.node.ts';
import { call } from './commands/call.node.ts';
import { completion } from './commands/completion.node.ts';
import { id } from './commands/id.node.ts';
import { inspect } from './commands/inspect.node.ts';
import { listen } from './commands/listen.node.ts';
import { peers } from './commands/peers.node.ts';
import { ping } from './commands/ping.node.ts';
import { pub } from './commands/pub.node.ts';
import { sub } from './commands/sub.node.ts';
import { commandHelp, programHelp } from './help.node.ts';
import { parse, unknownOption } from './parse.node.ts';
import { note, print, printLine, styled, type Terminal } from './terminal.node.ts';
import { Stopped, UsageError } from './usage-error.ts';

const commands: readonly Command[] = [
  id,
  listen,
  ping,
  pub,
  sub,
  call,
  peers,
  inspect,
  bench,
  completion(() => commands),
];

/** The exit codes of a command that was stopped before its work was done: 128 and the signal. */
const stoppedCodes = { SIGINT: 130, SIGTERM: 143, 'output closed': 0 } as const;

/**
 * Runs the program with these arguments.
 * @returns its exit code
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await dispatch(args, terminal);
    return 0;
  } catch (error) {
    // A prompt takes the Ctrl-C itself, so that there is no signal.
    const { reason = 'SIGINT' } = terminal.signal as {
      readonly reason?: keyof typeof stoppedCodes;
    };
    if (error instanceof Stopped) return stoppedCodes[reason];
    const label = styled(terminal, 'errors', 'red', 'rxmesh:');
    note(terminal, `${label} ${lineOf(error)}`);
    if (!isUsage(error)) return 1;
    const [command] = args;
    const about = commands.some(({ name }) => name === command) ? ` ${command ?? ''}` : '';
    note(terminal, `Try rxmesh${about} --help.`);
    return 2;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<void> {
  const [first, ...rest] = args;
  if (first === undefined) throw new UsageError('a command is missing');
  if (first === '--version') {
    await printLine(terminal, await version());
    return;
  }
  if (first === '--help' || first === '-h' || first === 'help') {
    const [about] = rest;
    const asked = about === undefined ? undefined : commandOf(about);
    const text = asked ? commandHelp(terminal, asked) : programHelp(terminal, commands);
    await print(terminal, text);
    return;
  }
  if (first.startsWith('-')) throw unknownOption(first, ['help', 'version']);
  const command = commandOf(first);
  const given = parse(command, rest);
  if (given.values.has('help')) await print(terminal, commandHelp(terminal, command));
  else await command.run(given, terminal);
}

function commandOf(name: string): Command {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  const near = nearest(
    name,
    commands.map((each) => each.name),
  );
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  throw new UsageError(`there is no command ${quote(name)}${hint}`);
}

/** Whether the command line is wrong, as far as that shows without a network. */
function isUsage(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  if (!(error instanceof RxmeshError)) return false;
  return error.code === 'RXMESH_ADDRESS_INVALID' || error.code === 'RXMESH_OPTIONS_INVALID';
}

/** An error in one line. */
function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const reason = error instanceof CallError && error.reason !== '' ? ` (${error.reason})` : '';
  const code = error instanceof RxmeshError ? ` [${error.code}]` : '';
  return printable(error.message + reason) + code;
}

/** The version of the package, whose manifest is above `lib` or `dist/lib`. */
async function version(): Promise<string> {
  for (const up of ['../../package.json', '../../../package.json']) {
    const text = await readFile(new URL(up, import.meta.url), 'utf8').catch(() => undefined);
    const manifest = JSON.parse(text ?? '{}') as { readonly version?: string };
    if (manifest.version !== undefined) return manifest.version;
  }
  return 'unknown';
}
