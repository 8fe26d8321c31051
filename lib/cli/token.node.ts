import { createInterface } from 'node:readline';
import { createInterface as createPrompt } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Values } from './command.node.ts';
import { screenOf, type Terminal } from './terminal.node.ts';
import { Stopped, UsageError } from './usage-error.ts';

/** The environment variable with the token of an inspector. */
export const tokenVariable = 'RXMESH_INSPECT_TOKEN';

/**
 * An inspector's URL with its token: its own, the first line of stdin with `--token-stdin`, that of
 * the environment, or what the user types, which the terminal does not show. Only the first of
 * these stands in the list of processes.
 *
 * @throws {UsageError} if there is none
 * @throws {Stopped} if the command is stopped first, or the user does not want to type it
 */
export async function withToken(url: URL, values: Values, terminal: Terminal): Promise<URL> {
  if ((url.searchParams.get('token') ?? '') !== '') return url;
  const token = values.has('token-stdin') ? await fromStdin(terminal) : await found(terminal);
  const whole = new URL(url);
  whole.searchParams.set('token', token);
  return whole;
}

async function fromStdin({ input, signal }: Terminal): Promise<string> {
  // It closes when the command is stopped.
  for await (const line of createInterface({ input, signal })) {
    if (line.trim() !== '') return line.trim();
  }
  if (signal.aborted) throw new Stopped();
  throw new UsageError('--token-stdin: there is no token on stdin');
}

async function found(terminal: Terminal): Promise<string> {
  const { env, input, errors } = terminal;
  const token = env[tokenVariable] ?? '';
  if (token !== '') return token;
  const isAsked = 'isTTY' in input && input.isTTY === true && screenOf(errors) !== undefined;
  if (isAsked) return typed(terminal);
  throw new UsageError(
    `<url> lacks its token: pass it whole, in quotes, or the token in ${tokenVariable} or with --token-stdin`,
  );
}

/** What the user types, which is not shown. */
async function typed({ input, errors, signal }: Terminal): Promise<string> {
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createPrompt({ input, output: hidden, terminal: true });
  // At Ctrl-C and Ctrl-D.
  const closed = new Promise<never>((_, reject) =>
    prompt.once('close', () => reject(new Stopped())),
  );
  errors.write('token: ');
  try {
    return (await Promise.race([prompt.question('', { signal }), closed])).trim();
  } catch {
    throw new Stopped();
  } finally {
    prompt.close();
    errors.write('\n');
  }
}
